"""Connecting by OCPI."""

TEXTS = {
    "connect.title": ("Connect by OCPI", "OCPI से जोड़ें"),
    "connect.intro": (
        "Your server answers OCPI 2.1.1, 2.2.1 or 2.3.0 and we read it every few minutes; or your "
        "server pushes to us. Test it first: nothing is stored by a test.",
        "आपका सर्वर OCPI 2.1.1, 2.2.1 या 2.3.0 में उत्तर देता है और हम उसे हर कुछ मिनट पर पढ़ते हैं; या "
        "आपका सर्वर हमें भेजता है। पहले जाँचें: जाँच से कुछ सहेजा नहीं जाता।",
    ),
    "connect.connections": ("Your connections", "आपके कनेक्शन"),
    "connect.way_probe": ("1. Test your server", "1. अपना सर्वर जाँचें"),
    "connect.way_probe_why": (
        "We play OCPI's contract against it for up to 45 seconds and say what deviates, by which "
        "rule, and how to mend it. After a good test one click connects.",
        "हम 45 सेकंड तक OCPI के नियमों से उसे परखते हैं और बताते हैं क्या अलग है, किस नियम से, और कैसे "
        "सुधारें। अच्छी जाँच के बाद एक क्लिक से जुड़ जाता है।",
    ),
    "connect.way_register": (
        "2. You invite us: we register at your server",
        "2. आप हमें बुलाएँ: हम आपके सर्वर पर पंजीकरण करें",
    ),
    "connect.way_register_why": (
        "You have made a token A for us. We do the handshake now and you watch.",
        "आपने हमारे लिए टोकन A बनाया है। हम अभी हैंडशेक करते हैं और आप देखते हैं।",
    ),
    "connect.way_invite": (
        "3. We invite you: your server registers with us",
        "3. हम आपको बुलाएँ: आपका सर्वर हमारे यहाँ पंजीकरण करे",
    ),
    "connect.way_invite_why": (
        "You get a token A and our versions URL to enter in your system.",
        "आपको टोकन A और हमारा versions URL मिलेगा, जिसे अपने सिस्टम में डालें।",
    ),
    "connect.way_static": ("4. Fixed tokens, no handshake", "4. तय टोकन, हैंडशेक नहीं"),
    "connect.way_static_why": (
        "For servers without a credentials module: we read with your token; you may push with "
        "ours.",
        "बिना credentials मॉड्यूल वाले सर्वर के लिए: हम आपके टोकन से पढ़ते हैं; आप हमारे टोकन से भेज सकते हैं।",
    ),
    "connect.url": ("Versions URL of your server", "आपके सर्वर का versions URL"),
    "connect.url_help": (
        "Such as https://ocpi.example.in/ocpi/versions",
        "जैसे https://ocpi.example.in/ocpi/versions",
    ),
    "connect.token": ("Token that you give us", "टोकन जो आप हमें देते हैं"),
    "connect.token_a": ("Token A that you made for us", "टोकन A जो आपने हमारे लिए बनाया"),
    "connect.token_help": (
        "Kept encrypted; never shown again.",
        "एन्क्रिप्ट करके रखा जाता है; फिर नहीं दिखता।",
    ),
    "connect.test": ("Test", "जाँचें"),
    "connect.register": ("Register now", "अभी पंजीकरण करें"),
    "connect.invite": ("Make an invitation", "आमंत्रण बनाएँ"),
    "connect.static": ("Connect with this token", "इस टोकन से जोड़ें"),
    "connect.choose_way": ("Choose one of the ways.", "कोई एक रास्ता चुनें।"),
    "connect.bad_url": (
        "Give the versions URL, beginning with https://",
        "versions URL दें, जो https:// से शुरू हो",
    ),
    "connect.ours": ("Our versions URL", "हमारा versions URL"),
    "connect.runs": ("Tried so far", "अब तक के प्रयास"),
    "connect.act.probe": ("test", "जाँच"),
    "connect.act.static": ("fixed tokens", "तय टोकन"),
    "connect.act.register": ("our registration with you", "आपके यहाँ हमारा पंजीकरण"),
    "connect.act.invite": ("invitation", "आमंत्रण"),
    "connect.probe_now": ("Test this connection now", "यह कनेक्शन अभी जाँचें"),
    "connect.transcript": ("What was said", "क्या कहा गया"),
    "connect.transcript_none": (
        "No handshake yet. Steps appear here as they happen.",
        "अभी कोई हैंडशेक नहीं। चरण होते ही यहाँ दिखेंगे।",
    ),
    "run.title.probe": ("Test of {source}", "{source} की जाँच"),
    "run.title.static": ("Connecting {source}", "{source} को जोड़ना"),
    "run.title.register": ("Registering {source}", "{source} का पंजीकरण"),
    "run.title.invite": ("Invitation for {source}", "{source} के लिए आमंत्रण"),
    "run.doing.versions and details": ("versions and details", "versions और विवरण"),
    "run.doing.pages": ("pages", "पृष्ठ"),
    "run.doing.reading locations": ("reading locations", "locations पढ़े जा रहे हैं"),
    "run.doing.reading tariffs": ("reading tariffs", "tariffs पढ़े जा रहे हैं"),
    "run.doing.single objects, dates, limits": (
        "single objects, dates, limits",
        "एक-एक वस्तु, तिथियाँ, सीमाएँ",
    ),
    "run.state.waiting": ("waits for its turn", "बारी की प्रतीक्षा"),
    "run.state.running": ("under way", "जारी"),
    "run.state.done": ("done", "पूरा"),
    "run.state.failed": ("failed", "असफल"),
    "run.try_again": ("Mend it, then try again", "सुधारें, फिर कोशिश करें"),
    "run.invited": (
        "Enter these two in your system. The token is shown only now; it ends on {date} or when it "
        "is used.",
        "ये दोनों अपने सिस्टम में डालें। टोकन केवल अभी दिखेगा; यह {date} को या उपयोग होते ही समाप्त होगा।",
    ),
    "run.invite_seen": (
        "The token was shown before and is kept nowhere. Make a new invitation if it was lost.",
        "टोकन पहले दिखाया जा चुका है और कहीं नहीं रखा गया। खो गया हो तो नया आमंत्रण बनाएँ।",
    ),
    "run.invite_next": (
        "Now let your system register. The connection's page shows the handshake as it happens.",
        "अब अपने सिस्टम से पंजीकरण कराएँ। कनेक्शन के पृष्ठ पर हैंडशेक होते हुए दिखेगा।",
    ),
    "run.open_connection": ("To the connection's page", "कनेक्शन के पृष्ठ पर"),
    "run.token_a": ("Token A", "टोकन A"),
    "run.our_token": (
        "If your server also pushes to us, it sends this token (shown only now):",
        "यदि आपका सर्वर हमें भेजता भी है तो यह टोकन भेजे (केवल अभी दिखेगा):",
    ),
    "run.connected": (
        "Connected. The first stations arrive within a minute.",
        "जुड़ गया। पहले स्टेशन एक मिनट में आएँगे।",
    ),
    "run.registered": (
        "Registered in OCPI {version}. The first stations arrive within a minute.",
        "OCPI {version} में पंजीकृत। पहले स्टेशन एक मिनट में आएँगे।",
    ),
    "run.quarantined": (
        "Your server named parties that are not yours here: {parties}. Their objects stay out "
        "until the platform's administrator approves them.",
        "आपके सर्वर ने ऐसी पार्टियाँ बताईं जो यहाँ आपकी नहीं हैं: {parties}। मंच प्रशासक की स्वीकृति तक उनका डेटा "
        "बाहर रहेगा।",
    ),
    "probe.summary": (
        "passed: {passed} · warnings: {warned} · failed: {failed} · not looked at: {skipped}; "
        "requests: {requests}, in {seconds} s",
        "सही: {passed} · चेतावनी: {warned} · असफल: {failed} · नहीं देखे: {skipped}; अनुरोध: "
        "{requests}, {seconds} से॰ में",
    ),
    "probe.version": ("OCPI {version}", "OCPI {version}"),
    "probe.no_version": ("no version could be spoken", "किसी संस्करण में बात नहीं हो सकी"),
    "probe.good": (
        "Nothing failed: this server can be connected.",
        "कुछ असफल नहीं: यह सर्वर जोड़ा जा सकता है।",
    ),
    "probe.bad": (
        "Something costs objects or hides them. It can be connected nevertheless; better mend it "
        "first.",
        "कुछ के कारण डेटा खोता या छिपता है। फिर भी जोड़ सकते हैं; बेहतर है पहले सुधारें।",
    ),
    "probe.outcome.pass": ("passed", "सही"),
    "probe.outcome.warn": ("warning", "चेतावनी"),
    "probe.outcome.fail": ("failed", "असफल"),
    "probe.outcome.skip": ("not looked at", "नहीं देखा"),
    "probe.check": ("Check", "जाँच"),
    "probe.rule": ("Rule", "नियम"),
    "probe.found": ("What was seen", "क्या दिखा"),
    "probe.cure": ("What to do", "क्या करें"),
    "probe.rest": ("Checks that passed or were not looked at", "जो सही रहे या नहीं देखे गए"),
    "probe.delivery": ("If this were a delivery", "यदि यह डिलीवरी होती"),
    "probe.objects": ("read", "पढ़े"),
    "probe.accepted": ("without remark", "बिना टिप्पणी"),
    "probe.flagged": ("with a remark", "टिप्पणी सहित"),
    "probe.rejected": ("not taken", "नहीं लिए"),
    "probe.requests": ("Every request", "हर अनुरोध"),
    "probe.connect_static": ("Connect with this token (no handshake)", "इसी टोकन से जोड़ें (हैंडशेक नहीं)"),
    "probe.connect_register": ("Use it as token A and register", "इसे टोकन A मानकर पंजीकरण करें"),
    "verdict.passed": ("passed", "सही"),
    "verdict.warning": ("unusual", "असामान्य"),
    "verdict.failed": ("failed", "असफल"),
    "verdict.open": ("open", "अधूरा"),
    "step.sent": ("we asked", "हमने पूछा"),
    "step.received": ("you asked", "आपने पूछा"),
    "step.show": ("request and answer", "अनुरोध और उत्तर"),
    "step.no_answer": ("no answer", "उत्तर नहीं"),
}
