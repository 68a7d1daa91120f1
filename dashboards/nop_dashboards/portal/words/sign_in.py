"""Words of signing in, invitations and one's own account."""

TEXTS = {
    "sign_in.title": ("Sign in", "साइन इन"),
    "sign_in.login": ("E-mail address", "ई-मेल पता"),
    "sign_in.password": ("Password", "पासवर्ड"),
    "sign_in.button": ("Sign in", "साइन इन करें"),
    "sign_in.or_with": ("Or sign in with", "या इससे साइन इन करें"),
    "sign_in.no_account": (
        "No account yet, or locked out? Ask your team's administrator or the registry for a link.",
        "खाता नहीं है या अंदर नहीं जा पा रहे? अपनी टीम के प्रशासक या रजिस्टर से लिंक माँगें।",
    ),
    "sign_in.wrong": (
        "This address and password do not belong together.",
        "यह पता और पासवर्ड मेल नहीं खाते।",
    ),
    "sign_in.wrong_code": (
        "This code does not open. Wait for the next one and check your device's clock.",
        "यह कोड सही नहीं है। अगले कोड की प्रतीक्षा करें और अपने उपकरण की घड़ी जाँचें।",
    ),
    "sign_in.too_many": (
        "Too many tries. Please wait {minutes} min.",
        "बहुत अधिक प्रयास। कृपया {minutes} मिनट रुकें।",
    ),
    "sign_in.form_is_old": (
        "This form was too old, or not opened here. Open the page again and repeat.",
        "यह फ़ॉर्म पुराना था या यहाँ से नहीं खोला गया। पृष्ठ फिर खोलें और दोहराएँ।",
    ),
    "sign_in.provider_failed": (
        "Signing in with {label} did not work: {why}",
        "{label} से साइन इन नहीं हो सका: {why}",
    ),
    "sign_in.stranger": (
        "You are known to {label}, but have no account here. Open your invitation's link first.",
        "{label} आपको जानता है, पर यहाँ आपका खाता नहीं है। पहले अपने निमंत्रण का लिंक खोलें।",
    ),
    "second_factor.title": ("Second step", "दूसरा चरण"),
    "second_factor.code": ("Code", "कोड"),
    "second_factor.help": (
        "The six digits of your authenticator app, or one of your recovery codes.",
        "आपके प्रमाणक ऐप के छह अंक, या आपका कोई पुनर्प्राप्ति कोड।",
    ),
    "set_up.title": ("Set up the second step", "दूसरा चरण स्थापित करें"),
    "set_up.why": (
        "Your role signs in with a password and a code from your phone.",
        "आपकी भूमिका में पासवर्ड और फ़ोन के कोड, दोनों से साइन इन होता है।",
    ),
    "set_up.scan": (
        "Scan this picture with an authenticator app (any app for TOTP codes).",
        "इस चित्र को किसी प्रमाणक ऐप (TOTP) से स्कैन करें।",
    ),
    "set_up.picture": ("QR code of the secret below", "नीचे दी गई कुंजी का QR कोड"),
    "set_up.or_type": ("Or type this secret into the app:", "या यह कुंजी ऐप में लिखें:"),
    "set_up.confirm": ("Enter the code that the app shows.", "ऐप में दिख रहा कोड लिखें।"),
    "set_up.code": ("Six-digit code", "छह अंकों का कोड"),
    "set_up.button": ("Confirm", "पुष्टि करें"),
    "set_up.sign_in_again": (
        "To change the second step, sign out and in again first: it can be changed within ten "
        "minutes of signing in.",
        "दूसरा चरण बदलने के लिए पहले साइन आउट करके फिर साइन इन करें: इसे साइन इन के दस मिनट के भीतर "
        "बदला जा सकता है।",
    ),
    "recovery.title": ("Recovery codes", "पुनर्प्राप्ति कोड"),
    "recovery.done": ("The second step is set up.", "दूसरा चरण स्थापित हो गया।"),
    "recovery.why": (
        "Keep these codes where you would look if the phone were lost. Each opens once. They are "
        "shown only now.",
        "फ़ोन खो जाने पर काम आने के लिए इन कोडों को सुरक्षित रखें। हर कोड एक बार चलता है। "
        "ये केवल अभी दिखाए जा रहे हैं।",
    ),
    "recovery.go_on": ("I have kept them", "मैंने सहेज लिए"),
    "invitation.title": ("Your account", "आपका खाता"),
    "invitation.recover": ("Choose a new password", "नया पासवर्ड चुनें"),
    "invitation.name": ("Your name", "आपका नाम"),
    "invitation.password": ("New password", "नया पासवर्ड"),
    "invitation.password_help": (
        "At least 12 characters. Several words together are good.",
        "कम से कम 12 अक्षर। कई शब्द साथ लिखना अच्छा है।",
    ),
    "invitation.again": ("New password again", "नया पासवर्ड फिर से"),
    "invitation.button": ("Go on", "आगे बढ़ें"),
    "invitation.or_with": ("Or, instead of a password", "या, पासवर्ड के बजाय"),
    "invitation.closed": (
        "This link was used already, was taken back or is too old. Ask for another one.",
        "यह लिंक इस्तेमाल हो चुका है, वापस लिया गया है या पुराना है। नया लिंक माँगें।",
    ),
    "invitation.differ": (
        "The two passwords are not the same.",
        "दोनों पासवर्ड एक जैसे नहीं हैं।",
    ),
    "password.short": (
        "Choose a password of at least 12 characters.",
        "कम से कम 12 अक्षरों का पासवर्ड चुनें।",
    ),
    "password.long": (
        "Choose a password of at most 256 characters.",
        "अधिकतम 256 अक्षरों का पासवर्ड चुनें।",
    ),
    "password.common": (
        "This password is among the first that are guessed. Put several words together that have "
        "nothing to do with one another.",
        "यह पासवर्ड सबसे पहले आज़माए जाने वालों में है। ऐसे कई शब्द जोड़ें जिनका आपस में कोई संबंध न हो।",
    ),
    "my.title": ("My account", "मेरा खाता"),
    "my.second_factor": ("Second step", "दूसरा चरण"),
    "my.codes_left": ("{n} recovery codes left", "{n} पुनर्प्राप्ति कोड शेष"),
    "my.set_up": ("Set up the second step", "दूसरा चरण स्थापित करें"),
    "my.set_up_again": ("Set up another device", "दूसरा उपकरण स्थापित करें"),
    "my.password": ("Password", "पासवर्ड"),
    "my.old": ("Present password", "वर्तमान पासवर्ड"),
    "my.sessions": ("Where you are signed in", "आप कहाँ साइन इन हैं"),
    "my.since": ("Since", "कब से"),
    "my.seen": ("Last seen", "अंतिम बार"),
    "my.from": ("From", "कहाँ से"),
    "my.browser": ("Browser", "ब्राउज़र"),
    "my.sign_out_everywhere": ("Sign out everywhere", "हर जगह से साइन आउट"),
    "my.password_changed": ("Your password is changed.", "आपका पासवर्ड बदल गया।"),
}
