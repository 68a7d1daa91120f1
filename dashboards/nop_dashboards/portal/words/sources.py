"""My sources and their health."""

TEXTS = {
    "sources.title": ("My sources", "मेरे स्रोत"),
    "sources.intro": (
        "A source is one way in which your data reach the register: files that you upload, or a "
        "server that speaks OCPI.",
        "स्रोत वह रास्ता है जिससे आपका डेटा रजिस्टर तक पहुँचता है: आपकी अपलोड की गई फ़ाइलें, या "
        "OCPI बोलने वाला सर्वर।",
    ),
    "sources.add": ("Add a source", "स्रोत जोड़ें"),
    "start.title": ("Your stations on the map in minutes", "कुछ ही मिनटों में आपके स्टेशन मानचित्र पर"),
    "start.intro": (
        "Nothing of yours is published yet. Choose how your data come; you can change it later.",
        "अभी आपका कुछ भी प्रकाशित नहीं है। चुनें कि आपका डेटा कैसे आएगा; बाद में बदल सकते हैं।",
    ),
    "start.file": ("I have a spreadsheet or a file", "मेरे पास स्प्रेडशीट या फ़ाइल है"),
    "start.file_why": (
        "CSV, XLSX, GeoJSON, JSON, DATEX II and the formats of other countries. You see what would "
        "happen before anything does.",
        "CSV, XLSX, GeoJSON, JSON, DATEX II और दूसरे देशों के प्रारूप। कुछ भी होने से पहले आप देख "
        "सकते हैं कि क्या होगा।",
    ),
    "start.ocpi": ("I have a server with OCPI", "मेरे पास OCPI वाला सर्वर है"),
    "start.ocpi_why": (
        "We test it while you watch, then shake hands. Statuses and prices stay live.",
        "हम आपके सामने उसे जाँचते हैं, फिर जुड़ते हैं। स्थिति और दाम ताज़ा रहते हैं।",
    ),
    "start.hand": ("I type my stations in", "मैं अपने स्टेशन हाथ से लिखूँगा"),
    "start.hand_why": (
        "For a few stations: name, address, plugs, power and price in one form.",
        "थोड़े स्टेशनों के लिए: नाम, पता, प्लग, पावर और दाम एक ही फ़ॉर्म में।",
    ),
    "start.steps": ("What is done and what comes next", "क्या हो चुका है और आगे क्या है"),
    "start.step_account": ("You have signed in", "आपने साइन इन कर लिया है"),
    "start.step_source": ("Say how your data come", "बताएँ कि डेटा कैसे आएगा"),
    "start.step_data": (
        "Send the first stations (upload, connect or type them)",
        "पहले स्टेशन भेजें (अपलोड करें, जोड़ें या लिखें)",
    ),
    "start.step_published": ("Your first station is on the map", "आपका पहला स्टेशन मानचित्र पर है"),
    "start.done": ("done", "पूरा"),
    "start.next": ("next", "अगला"),
    "start.later": ("later", "बाद में"),
    "start.no_party": (
        "Your account is bound to no operator yet. Ask whoever invited you.",
        "आपका खाता अभी किसी ऑपरेटर से नहीं जुड़ा है। जिसने आपको बुलाया है उससे कहें।",
    ),
    "start.country": (
        "Your account acts for a whole country: send a file that names each station's party.",
        "आपका खाता पूरे देश के लिए है: ऐसी फ़ाइल भेजें जिसमें हर स्टेशन का पक्ष लिखा हो।",
    ),
    "start.withdrawn": (
        "{source} was withdrawn by the registry. Ask them before you send anything new.",
        "{source} को रजिस्टर ने वापस ले लिया है। कुछ नया भेजने से पहले उनसे पूछें।",
    ),
    "start.ask_admin": (
        "No source is set up yet, and your role only reads. An editor of your team sets it up.",
        "अभी कोई स्रोत नहीं है और आपकी भूमिका केवल देखने की है। आपकी टीम का संपादक इसे बना सकता है।",
    ),
    "start.party": ("For which operator?", "किस ऑपरेटर के लिए?"),
    "source.kind.ocpi": ("OCPI", "OCPI"),
    "source.kind.upload": ("Files", "फ़ाइलें"),
    "source.state": ("State", "स्थिति"),
    "source.state.active": ("active", "चालू"),
    "source.state.held": ("held: waits for a decision", "रुका हुआ: निर्णय बाकी"),
    "source.state.auth_failed": (
        "refused: your server does not accept our token",
        "अस्वीकृत: आपका सर्वर हमारा टोकन नहीं मानता",
    ),
    "source.state.disabled": ("not connected", "जुड़ा नहीं"),
    "source.live": ("live", "ताज़ा"),
    "source.stale": ("silent: statuses are shown as unknown", "मौन: स्थितियाँ अज्ञात दिखती हैं"),
    "source.no_live": (
        "A file carries no live status for long: after {minutes} minutes it is shown as unknown. "
        "Send a status file, or connect by OCPI.",
        "फ़ाइल की स्थिति देर तक ताज़ा नहीं रहती: {minutes} मिनट बाद अज्ञात दिखती है। स्थिति-फ़ाइल भेजें "
        "या OCPI से जुड़ें।",
    ),
    "source.nothing_yet": ("nothing received yet", "अभी कुछ नहीं मिला"),
    "source.last_contact": ("Last contact", "अंतिम संपर्क"),
    "source.last_file": ("Last file taken", "अंतिम ली गई फ़ाइल"),
    "source.last_attempt": ("Last attempt", "अंतिम प्रयास"),
    "source.failures": ("Failed attempts in a row", "लगातार असफल प्रयास"),
    "source.pulled_every": ("We ask every {minutes} min", "हम हर {minutes} मिनट पर पूछते हैं"),
    "source.published": ("Published stations", "प्रकाशित स्टेशन"),
    "source.held_back": (
        "{number} more are held but not published",
        "{number} और रखे हैं पर प्रकाशित नहीं",
    ),
    "source.points": ("Charging points", "चार्जिंग पॉइंट"),
    "source.unknown_now": ("{number} with unknown status now", "{number} की स्थिति अभी अज्ञात"),
    "source.tariffs": ("Tariffs", "शुल्क"),
    "source.findings": ("Findings", "कमियाँ"),
    "source.errors.one": ("1 error", "1 त्रुटि"),
    "source.errors.many": ("{number} errors", "{number} त्रुटियाँ"),
    "source.warnings.one": ("1 warning", "1 चेतावनी"),
    "source.warnings.many": ("{number} warnings", "{number} चेतावनियाँ"),
    "source.score": ("Score", "अंक"),
    "source.no_score": ("not measured yet", "अभी मापा नहीं गया"),
    "source.upload": ("Upload a file", "फ़ाइल अपलोड करें"),
    "source.history": ("Versions", "संस्करण"),
    "source.connection": ("Connection", "कनेक्शन"),
    "source.peer.invited": ("invited, not registered yet", "आमंत्रित, अभी पंजीकृत नहीं"),
    "source.peer.registering": ("registering", "पंजीकरण जारी"),
    "source.peer.registered": ("registered", "पंजीकृत"),
    "source.peer.static": ("tokens agreed by hand", "टोकन आपसी सहमति से"),
    "source.peer.unregistered": ("ended", "समाप्त"),
    "source.what_now": ("What to do", "अब क्या करें"),
    "source.log": ("Error log", "त्रुटि सूची"),
    "source.log_none": (
        "Nothing went wrong in the deliveries that are kept.",
        "रखी गई डिलीवरियों में कुछ गलत नहीं हुआ।",
    ),
    "source.deliveries": ("Deliveries", "डिलीवरियाँ"),
    "source.deliveries_none": ("There was none yet.", "अभी तक कोई नहीं।"),
    "source.delivery_at": ("When", "कब"),
    "source.delivery_what": ("What", "क्या"),
    "source.delivery_state": ("What became of it", "परिणाम"),
    "source.delivery_said": ("What happened", "क्या हुआ"),
    "delivery.locations": ("stations", "स्टेशन"),
    "delivery.tariffs": ("tariffs", "शुल्क"),
    "delivery.upload": ("file", "फ़ाइल"),
    "delivery.mode.full": ("whole", "पूरा"),
    "delivery.mode.incremental": ("changes", "बदलाव"),
    "delivery.mode.push": ("pushed by you", "आपके द्वारा भेजा"),
    "delivery.mode.file": ("uploaded", "अपलोड"),
    "delivery.state.running": ("under way", "जारी"),
    "delivery.state.complete": ("taken", "ले लिया"),
    "delivery.state.held": ("taken, removals held", "ले लिया, हटाना रुका"),
    "delivery.state.failed": ("failed", "असफल"),
    "delivery.rows": (
        "{rows} rows, {rejected} not taken",
        "{rows} पंक्तियाँ, {rejected} नहीं ली गईं",
    ),
    "delivery.counts": (
        "{objects} objects, {rejected} not taken",
        "{objects} वस्तुएँ, {rejected} नहीं ली गईं",
    ),
    "advice.auth_failed": (
        "Your server answered that our token is not valid. Give us a new one under “Connect by "
        "OCPI”; pulling goes on by itself.",
        "आपके सर्वर ने हमारा टोकन नहीं माना। “OCPI से जोड़ें” में नया टोकन दें; फिर सब अपने आप चलेगा।",
    ),
    "advice.held": (
        "Much less arrived than before, so nothing was removed. If the stations are really gone, "
        "an administrator accepts the removal; if not, send the whole list again.",
        "पहले से बहुत कम आया, इसलिए कुछ हटाया नहीं गया। यदि स्टेशन सच में नहीं रहे तो प्रशासक हटाना "
        "स्वीकार करे; नहीं तो पूरी सूची फिर भेजें।",
    ),
    "advice.disabled": (
        "Nothing is asked of your server yet. Finish the connection under “Connect by OCPI”.",
        "आपके सर्वर से अभी कुछ नहीं माँगा जाता। “OCPI से जोड़ें” में कनेक्शन पूरा करें।",
    ),
    "advice.stale": (
        "We hear nothing, so your charging points are published with status unknown. See the "
        "error log below and test the connection.",
        "हमें कुछ नहीं मिल रहा, इसलिए आपके पॉइंट अज्ञात स्थिति के साथ दिखते हैं। नीचे त्रुटि सूची देखें और कनेक्शन जाँचें।",
    ),
    "advice.empty_file": (
        "Send the first file: nothing is changed before you have seen the preview.",
        "पहली फ़ाइल भेजें: पूर्वावलोकन देखने से पहले कुछ नहीं बदलता।",
    ),
    "advice.errors": (
        "Findings that keep data out: {number}. Each says how to mend it.",
        "डेटा को बाहर रखने वाली कमियाँ: {number}। हर एक बताती है कि सुधार कैसे हो।",
    ),
    "advice.warnings": (
        "All that was sent is in. What could be better: {number}; the findings say how.",
        "भेजा गया सब ले लिया गया। बेहतर हो सकता है: {number}; टिप्पणियाँ बताती हैं कैसे।",
    ),
    "advice.well": ("All is well.", "सब ठीक है।"),
    "hold.title": ("Are they really gone?", "क्या वे सच में नहीं रहे?"),
    "hold.accept": ("Yes, let the removal pass", "हाँ, हटाना स्वीकार है"),
    "hold.explain": (
        "The next delivery may then retire what it does not list.",
        "इसके बाद अगली डिलीवरी में जो नहीं है वह हटा दिया जाएगा।",
    ),
    "hold.accepted": (
        "Accepted. Send the file again (or wait for the next pull): the removal is then done.",
        "स्वीकार हुआ। फ़ाइल फिर भेजें (या अगली बार का इंतज़ार करें): तब हटाना पूरा होगा।",
    ),
    "payload.title": ("What was sent: {key}", "क्या भेजा गया: {key}"),
    "payload.refused": ("This came last and was refused:", "अंत में यह आया और अस्वीकार हुआ:"),
    "payload.good": ("The newest good version was made of this:", "सबसे नया अच्छा संस्करण इससे बना:"),
    "payload.none": ("What was sent is not kept.", "भेजा गया डेटा नहीं रखा गया है।"),
    "payload.cut": ("Only the beginning is kept.", "केवल शुरुआती हिस्सा रखा गया है।"),
    "payload.link": ("payload", "भेजा गया डेटा"),
}
