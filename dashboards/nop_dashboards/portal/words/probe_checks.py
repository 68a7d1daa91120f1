"""What the test of an OCPI server looks at (`check`), and what to do when it deviates (`mend`).

English pages show the test's own sentences, which say more; other languages show the text here and
those sentences after it.
"""

TEXTS = {
    "check.address": (
        "the versions URL is reached, over TLS",
        "versions URL तक पहुँचा जा सकता है, TLS के साथ",
    ),
    "mend.address": (
        "Publish the server on the internet with https and a valid certificate.",
        "सर्वर को वैध प्रमाणपत्र और https के साथ इंटरनेट पर खोलें।",
    ),
    "check.versions": ("the versions list can be read", "versions की सूची पढ़ी जा सकती है"),
    "mend.versions": (
        "Answer the versions URL with the list of versions and their URLs.",
        "versions URL पर संस्करणों और उनके URL की सूची दें।",
    ),
    "check.token-encoding": ("the token is spelt as OCPI says", "टोकन OCPI के अनुसार लिखा जाता है"),
    "mend.token-encoding": (
        "Take the token Base64-encoded from 2.2 on, and as it is in 2.1.1.",
        "2.2 से टोकन Base64 में मानें, 2.1.1 में जैसा है वैसा।",
    ),
    "check.unknown-token": (
        "a wrong token is answered with HTTP 401",
        "गलत टोकन पर उत्तर HTTP 401 है",
    ),
    "mend.unknown-token": (
        "Answer a token that you do not know with HTTP 401.",
        "अनजान टोकन पर HTTP 401 उत्तर दें।",
    ),
    "check.version-details": ("the details are there", "संस्करण के विवरण मिलते हैं"),
    "mend.version-details": (
        "Answer each version's URL with its modules and their URLs.",
        "हर संस्करण के URL पर मॉड्यूल और उनके URL दें।",
    ),
    "check.endpoints": ("locations and tariffs are offered", "locations और tariffs उपलब्ध हैं"),
    "mend.endpoints": (
        "Offer the modules locations and tariffs, as SENDER.",
        "locations और tariffs मॉड्यूल SENDER के रूप में दें।",
    ),
    "check.endpoint-urls": ("the modules' URLs are public ones", "मॉड्यूल के URL सार्वजनिक हैं"),
    "mend.endpoint-urls": (
        "Name the modules' public URLs, not those of your inner network.",
        "मॉड्यूल के सार्वजनिक URL लिखें, भीतरी नेटवर्क के नहीं।",
    ),
    "check.trailing-slash": (
        "URLs work with and without a last slash",
        "URL अंत के / के साथ और बिना काम करते हैं",
    ),
    "mend.trailing-slash": (
        "Answer the same with and without a slash at the end.",
        "अंत में / हो या न हो, एक ही उत्तर दें।",
    ),
    "check.credentials": (
        "credentials say who the operator is",
        "credentials बताते हैं कि ऑपरेटर कौन है",
    ),
    "mend.credentials": (
        "Say country code, party id and business details in credentials.",
        "credentials में देश कोड, party id और व्यवसाय का विवरण दें।",
    ),
    "check.envelope": ("answers are OCPI's envelope", "उत्तर OCPI के ढाँचे में हैं"),
    "mend.envelope": (
        "Put each answer into OCPI's envelope: data, status_code, timestamp.",
        "हर उत्तर OCPI के ढाँचे में दें: data, status_code, timestamp।",
    ),
    "check.content-type": ("Content-Type is application/json", "Content-Type application/json है"),
    "mend.content-type": (
        "Send Content-Type: application/json.",
        "Content-Type: application/json भेजें।",
    ),
    "check.request-ids": ("request ids are sent back", "अनुरोध की पहचानें वापस आती हैं"),
    "mend.request-ids": (
        "Send X-Request-ID and X-Correlation-ID back as they came.",
        "X-Request-ID और X-Correlation-ID जैसे आए वैसे लौटाएँ।",
    ),
    "check.gzip": ("answers are compressed when asked", "माँगने पर उत्तर संपीड़ित होते हैं"),
    "mend.gzip": (
        "Compress answers with gzip when the request accepts it.",
        "अनुरोध माने तो उत्तर gzip से संपीड़ित करें।",
    ),
    "check.clock": ("the clock is right", "घड़ी सही है"),
    "mend.clock": (
        "Set the server's clock by NTP and send UTC.",
        "सर्वर की घड़ी NTP से मिलाएँ और UTC भेजें।",
    ),
    "check.stability": ("no request fails", "कोई अनुरोध असफल नहीं होता"),
    "mend.stability": (
        "Look in your log for the requests that failed or broke off.",
        "अपने लॉग में असफल या टूटे अनुरोध देखें।",
    ),
    "check.speed": ("pages come quickly", "पृष्ठ जल्दी आते हैं"),
    "mend.speed": (
        "Answer a page within a few seconds: an index on last_updated helps.",
        "हर पृष्ठ कुछ सेकंड में दें: last_updated पर सूचकांक (index) सहायक है।",
    ),
    "check.paging-link": ("Link leads to the next page", "Link अगले पृष्ठ तक ले जाता है"),
    "mend.paging-link": (
        "Send a Link header with the URL of the next page, until the last one.",
        "अंतिम पृष्ठ तक Link हेडर में अगले पृष्ठ का URL भेजें।",
    ),
    "check.paging-total": ("X-Total-Count counts all objects", "X-Total-Count सभी वस्तुएँ गिनता है"),
    "mend.paging-total": (
        "Send X-Total-Count with the number of all objects that were asked for.",
        "X-Total-Count में माँगी गई सभी वस्तुओं की संख्या भेजें।",
    ),
    "check.paging-limit": (
        "limit is kept and X-Limit is said",
        "limit माना जाता है और X-Limit बताया जाता है",
    ),
    "mend.paging-limit": (
        "Send no more objects than the limit, and say your own most in X-Limit.",
        "limit से अधिक वस्तुएँ न भेजें और अपनी सीमा X-Limit में बताएँ।",
    ),
    "check.paging-order": (
        "objects keep their place over pages",
        "वस्तुएँ सभी पृष्ठों पर अपना स्थान रखती हैं",
    ),
    "mend.paging-order": (
        "Order the list by something that does not change, such as the time of creation.",
        "सूची ऐसे क्रम में रखें जो न बदले, जैसे बनने का समय।",
    ),
    "check.paging-end": ("the list ends properly", "सूची ठीक से समाप्त होती है"),
    "mend.paging-end": (
        "End the list with a page without a Link; an empty page is HTTP 200.",
        "सूची बिना Link वाले पृष्ठ पर समाप्त करें; खाली पृष्ठ HTTP 200 है।",
    ),
    "check.wrong-limit": (
        "an unusable limit is refused as OCPI says",
        "अनुपयोगी limit OCPI के अनुसार अस्वीकार होता है",
    ),
    "mend.wrong-limit": (
        "Answer an unusable limit with a 4xx or OCPI 2001, not with a fault of your server.",
        "अनुपयोगी limit पर 4xx या OCPI 2001 दें, सर्वर की त्रुटि नहीं।",
    ),
    "check.date-from": ("date_from leaves out what is older", "date_from पुराने को छोड़ देता है"),
    "mend.date-from": (
        "With date_from send only what changed since then.",
        "date_from हो तो उसके बाद बदला हुआ ही भेजें।",
    ),
    "check.date-from-inclusive": (
        "date_from includes its own instant",
        "date_from अपने क्षण को शामिल करता है",
    ),
    "mend.date-from-inclusive": (
        "Include what changed exactly at date_from.",
        "ठीक date_from पर बदला हुआ भी भेजें।",
    ),
    "check.date-to": ("date_to excludes its own instant", "date_to अपने क्षण को शामिल नहीं करता"),
    "mend.date-to": ("Leave out what changed exactly at date_to.", "ठीक date_to पर बदला हुआ न भेजें।"),
    "check.whole-list": (
        "our client reads the lists to their end",
        "हमारा क्लाइंट सूचियाँ अंत तक पढ़ता है",
    ),
    "mend.whole-list": (
        "Mend what is said about pages above: else stations stay unread.",
        "ऊपर पृष्ठों के बारे में लिखा सुधारें: नहीं तो स्टेशन छूट जाते हैं।",
    ),
    "check.single-object": (
        "a Location, EVSE, Connector can be read",
        "एक Location, EVSE, Connector पढ़ा जा सकता है",
    ),
    "mend.single-object": (
        "Answer the address of a single object with that object.",
        "एक वस्तु के पते पर वही वस्तु दें।",
    ),
    "check.absent-object": (
        "an object that is not there is HTTP 404",
        "जो वस्तु नहीं है उस पर HTTP 404",
    ),
    "mend.absent-object": (
        "Answer an object that is not there with HTTP 404.",
        "जो वस्तु नहीं है उस पर HTTP 404 दें।",
    ),
    "check.ids": ("ids are unique and not too long", "पहचानें अलग-अलग हैं और बहुत लंबी नहीं"),
    "mend.ids": (
        "Give each object an id of its own, at most 36 characters.",
        "हर वस्तु को अपनी पहचान दें, 36 अक्षर तक।",
    ),
    "check.id-case": ("country and party are spelt as agreed", "देश और party सहमति के अनुसार लिखे हैं"),
    "mend.id-case": (
        "Spell country code and party id as in your credentials.",
        "देश कोड और party id वैसे ही लिखें जैसे credentials में।",
    ),
    "check.parties": (
        "objects are of the parties in credentials",
        "वस्तुएँ credentials वाले ऑपरेटरों की हैं",
    ),
    "mend.parties": (
        "Name every operator whose objects you send in credentials.",
        "जिन ऑपरेटरों की वस्तुएँ भेजते हैं, सबको credentials में लिखें।",
    ),
    "check.times": ("times are UTC, as OCPI writes them", "समय UTC में है, OCPI के अनुसार"),
    "mend.times": ("Write times as 2026-04-30T08:30:00Z.", "समय 2026-04-30T08:30:00Z की तरह लिखें।"),
    "check.last-updated": ("a parent is no older than its parts", "मूल वस्तु अपने हिस्सों से पुरानी नहीं"),
    "mend.last-updated": (
        "When an EVSE or connector changes, renew last_updated of its Location too.",
        "EVSE या कनेक्टर बदले तो उसकी Location का last_updated भी बदलें।",
    ),
    "check.coordinates": (
        "coordinates are texts with enough decimals",
        "निर्देशांक पर्याप्त दशमलव वाले पाठ हैं",
    ),
    "mend.coordinates": (
        "Send coordinates as texts with five decimals or more.",
        "निर्देशांक पाठ के रूप में, पाँच या अधिक दशमलव के साथ भेजें।",
    ),
    "check.tariff-references": ("connectors' tariffs are listed", "कनेक्टर के शुल्क सूची में हैं"),
    "mend.tariff-references": (
        "List every tariff that a connector names.",
        "कनेक्टर जिन शुल्कों का नाम लेते हैं, सब सूची में दें।",
    ),
    "check.locations": ("locations are taken without remark", "स्टेशन बिना टिप्पणी के लिए जाते हैं"),
    "mend.locations": (
        "Mend the findings below: each says how.",
        "नीचे की टिप्पणियाँ देखें: हर एक बताती है कि सुधार कैसे हो।",
    ),
    "check.tariffs": ("tariffs are taken without remark", "शुल्क बिना टिप्पणी के लिए जाते हैं"),
    "mend.tariffs": (
        "Mend the findings below: each says how.",
        "नीचे की टिप्पणियाँ देखें: हर एक बताती है कि सुधार कैसे हो।",
    ),
}
