"""Words of the team's page and of the API keys'."""

TEXTS = {
    "team.person": ("Person", "व्यक्ति"),
    "team.role": ("Role", "भूमिका"),
    "team.parties": ("Acts for", "किसके लिए"),
    "team.parties_help": (
        "Parties such as IN*ABC, with commas between them; none for regulators. FR* is every party "
        "of France: a second administrator confirms it.",
        "पक्ष, जैसे IN*ABC, बीच में अल्पविराम; नियामकों के लिए खाली। FR* यानी फ़्रांस का हर पक्ष: "
        "इसकी पुष्टि दूसरा प्रशासक करता है।",
    ),
    "team.parties_help_own": (
        "Parties of your country, such as FR*ABC, with commas between them. A whole country is "
        "given by the platform's administrators only.",
        "आपके देश के पक्ष, जैसे FR*ABC, बीच में अल्पविराम। पूरा देश केवल प्लेटफ़ॉर्म के प्रशासक देते हैं।",
    ),
    "team.last_sign_in": ("Last sign-in", "अंतिम साइन इन"),
    "team.change": ("Change", "बदलें"),
    "team.disabled": ("locked", "बंद"),
    "team.disable": ("Lock the account", "खाता बंद करें"),
    "team.enable": ("Unlock the account", "खाता खोलें"),
    "team.recovery": ("Make a link for a new password", "नए पासवर्ड के लिए लिंक बनाएँ"),
    "team.forget_totp": ("phone lost: new second step too", "फ़ोन खो गया: दूसरा चरण भी नया"),
    "team.open_invitations": ("Open invitations", "खुले निमंत्रण"),
    "team.until": ("Opens until", "कब तक"),
    "team.take_back": ("Take back", "वापस लें"),
    "team.invite": ("Invite somebody", "किसी को आमंत्रित करें"),
    "team.make_link": ("Make a link", "लिंक बनाएँ"),
    "team.link": ("Send this link to {login}:", "यह लिंक {login} को भेजें:"),
    "team.link_once": (
        "It opens once and is shown only now. Whoever has it gets the account: send it safely.",
        "यह एक बार खुलता है और केवल अभी दिखाया जा रहा है। जिसके पास यह है, खाता उसी का है: "
        "सुरक्षित तरीके से भेजें।",
    ),
    "team.waiting": ("Waiting for a second administrator", "दूसरे प्रशासक की पुष्टि बाकी"),
    "team.waiting_why": (
        "These roles decide for everybody, or for a whole country. One administrator asks; another "
        "one, who knows the person, confirms and hands the link over.",
        "ये भूमिकाएँ सबके लिए या पूरे देश के लिए निर्णय करती हैं। एक प्रशासक माँगता है; दूसरा, "
        "जो व्यक्ति को जानता है, पुष्टि करके लिंक देता है।",
    ),
    "team.waits": (
        "A second administrator has to confirm this.",
        "इसकी पुष्टि दूसरे प्रशासक को करनी है।",
    ),
    "team.asked_by": ("Asked by", "किसने माँगा"),
    "team.confirm": ("Confirm", "पुष्टि करें"),
    "team.taken": ("There is an account with this address already.", "इस पते का खाता पहले से है।"),
    "team.bad_address": ("This is not an e-mail address.", "यह ई-मेल पता नहीं है।"),
    "team.bad_role": (
        "This role cannot be given to these parties.",
        "इन पक्षों को यह भूमिका नहीं दी जा सकती।",
    ),
    "keys.intro": (
        "A key lets a program of yours send files and read their reports.",
        "कुंजी से आपका प्रोग्राम फ़ाइलें भेज सकता है और उनकी रिपोर्ट पढ़ सकता है।",
    ),
    "keys.name": ("Name", "नाम"),
    "keys.name_help": ("For which program it is.", "किस प्रोग्राम के लिए है।"),
    "keys.scopes": ("May", "अनुमति"),
    "keys.reach": ("For", "किसके लिए"),
    "keys.all_own": ("all sources of {parties}", "{parties} के सभी स्रोत"),
    "keys.expires": ("Valid until", "कब तक मान्य"),
    "keys.last_used": ("Last used", "अंतिम उपयोग"),
    "keys.state": ("State", "स्थिति"),
    "keys.state.valid": ("valid", "मान्य"),
    "keys.state.expired": ("expired", "समाप्त"),
    "keys.state.revoked": ("revoked", "रद्द"),
    "keys.new": ("New key", "नई कुंजी"),
    "keys.make": ("Make a key", "कुंजी बनाएँ"),
    "keys.made": (
        "Copy the key now: it is not shown again.",
        "कुंजी अभी कॉपी करें: यह दोबारा नहीं दिखाई जाएगी।",
    ),
    "keys.no_source": ("There is no source yet.", "अभी कोई स्रोत नहीं है।"),
    "keys.rotate": ("Renew", "नवीकरण"),
    "keys.overlap": ("Old one valid for", "पुरानी मान्य रहे"),
    "keys.hours": ("{n} h", "{n} घंटे"),
    "keys.days": ("{n} days", "{n} दिन"),
    "keys.revoke": ("Revoke", "रद्द करें"),
    "keys.no_scope": ("Say what the key may do.", "बताएँ कि कुंजी क्या कर सकती है।"),
    "keys.over": ("This key is no longer valid.", "यह कुंजी अब मान्य नहीं है।"),
    "scope.upload": ("send and take files", "फ़ाइलें भेजना और लागू करना"),
    "scope.roll_back": ("roll back to an earlier version", "पिछले संस्करण पर लौटना"),
    "scope.read": ("read reports", "रिपोर्ट पढ़ना"),
}
