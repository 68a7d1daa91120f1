"""What the codes of findings mean. English pages show the finding's own sentence, which says more;
other languages show the text here and the sentence after it."""

TEXTS = {
    "cure.address-missing": (
        "Street or town is missing: send both.",
        "सड़क या शहर नहीं है: दोनों भेजें।",
    ),
    "cure.cell-missing": ("This cell must be filled in.", "यह खाना भरना आवश्यक है।"),
    "cure.cell-unusable": (
        "This cell cannot be read: write it as the field guide says.",
        "यह खाना पढ़ा नहीं जा सकता: कॉलम की जानकारी के अनुसार लिखें।",
    ),
    "cure.column-unknown": (
        "There is no such column; it was not read.",
        "ऐसा कोई कॉलम नहीं है; इसे नहीं पढ़ा गया।",
    ),
    "cure.connector-repeated": (
        "Another row has the same connector: give each its own id.",
        "दूसरी पंक्ति में यही कनेक्टर है: हर एक को अपनी पहचान दें।",
    ),
    "cure.connectors-missing": (
        "The charging point has no connector: list it.",
        "चार्जिंग पॉइंट में कनेक्टर नहीं है: उसे लिखें।",
    ),
    "cure.coordinate-unreadable": (
        "The coordinates cannot be read: write degrees such as 28.61394.",
        "निर्देशांक पढ़े नहीं जा सकते: डिग्री लिखें, जैसे 28.61394।",
    ),
    "cure.coordinates-outside-country": (
        "The place is outside the country: correct latitude and longitude.",
        "स्थान देश के बाहर है: अक्षांश और देशांतर सुधारें।",
    ),
    "cure.country-missing": ("No country is given.", "देश नहीं लिखा है।"),
    "cure.currency-foreign": (
        "The currency is not the country's own.",
        "मुद्रा इस देश की नहीं है।",
    ),
    "cure.duplicate-id": (
        "The same id comes twice with different content: give each its own.",
        "एक ही पहचान दो बार अलग डेटा के साथ: हर एक को अपनी पहचान दें।",
    ),
    "cure.enum-spelling": (
        "The word was understood, but is spelt otherwise.",
        "शब्द समझ लिया गया, पर वर्तनी अलग है।",
    ),
    "cure.evse-id-missing": (
        "The charging point has no public EVSE-ID.",
        "चार्जिंग पॉइंट की सार्वजनिक EVSE-ID नहीं है।",
    ),
    "cure.evses-missing": (
        "The station has no charging point, so it is not shown.",
        "स्टेशन में कोई चार्जिंग पॉइंट नहीं, इसलिए वह दिखता नहीं।",
    ),
    "cure.field-unusable": (
        "This field cannot be used and was left out.",
        "यह फ़ील्ड उपयोगी नहीं है और छोड़ दी गई।",
    ),
    "cure.identity-differs": (
        "The object names itself otherwise than its address does.",
        "वस्तु की पहचान उसके पते से अलग है।",
    ),
    "cure.json-unreadable": (
        "This is not proper JSON.",
        "यह सही JSON नहीं है।",
    ),
    "cure.last-updated-missing": (
        "It is not said when this last changed; the time of receipt counts.",
        "अंतिम बदलाव का समय नहीं है; प्राप्ति का समय माना जाएगा।",
    ),
    "cure.last-updated-unusable": (
        "The time of the last change cannot be read.",
        "अंतिम बदलाव का समय पढ़ा नहीं जा सकता।",
    ),
    "cure.older-than-held": (
        "Something newer is held, and stays.",
        "इससे नया डेटा पहले से है और वही रहेगा।",
    ),
    "cure.opening-times-missing": (
        "No opening hours are given.",
        "खुलने का समय नहीं दिया है।",
    ),
    "cure.operator-missing": ("No operator is named.", "ऑपरेटर का नाम नहीं है।"),
    "cure.party-not-yours": (
        "These data belong to another operator.",
        "यह डेटा दूसरे ऑपरेटर का है।",
    ),
    "cure.power-derived": (
        "The power was computed from volts and amperes.",
        "पावर वोल्ट और ऐम्पियर से निकाली गई।",
    ),
    "cure.power-mismatch": (
        "The power does not fit volts and amperes.",
        "पावर वोल्ट और ऐम्पियर से मेल नहीं खाती।",
    ),
    "cure.power-missing": (
        "The power is unknown: send it in watts.",
        "पावर अज्ञात है: वॉट में भेजें।",
    ),
    "cure.power-too-high": (
        "So much power is hardly possible: is it in watts?",
        "इतनी पावर संभव नहीं लगती: क्या यह वॉट में है?",
    ),
    "cure.power-type-impossible": (
        "The plug does not fit this kind of current.",
        "यह प्लग इस प्रकार के करंट के लिए नहीं है।",
    ),
    "cure.price-negative": ("A price is negative.", "दाम ऋणात्मक है।"),
    "cure.row-conflict": (
        "Rows say different things about the same station; the first counts.",
        "एक ही स्टेशन के बारे में पंक्तियाँ अलग कहती हैं; पहली मानी गई।",
    ),
    "cure.rows-refused": (
        "Some rows of this station were refused; what they said before stays.",
        "इस स्टेशन की कुछ पंक्तियाँ अस्वीकृत हुईं; उनका पुराना डेटा रहेगा।",
    ),
    "cure.tariff-missing": (
        "The plug names no tariff, so its price is unknown.",
        "प्लग का कोई शुल्क नहीं बताया, इसलिए दाम अज्ञात है।",
    ),
    "cure.text-garbled": (
        "The text is garbled: save the file as UTF-8.",
        "पाठ बिगड़ा हुआ है: फ़ाइल UTF-8 में सहेजें।",
    ),
    "cure.text-mended": (
        "Wrongly coded letters were mended.",
        "गलत कोड वाले अक्षर सुधारे गए।",
    ),
    "cure.text-too-long": ("The text is too long.", "पाठ बहुत लंबा है।"),
    "cure.time-zone-missing": ("No time zone is given.", "समय क्षेत्र नहीं दिया है।"),
    "cure.unknown-restriction": (
        "A restriction of the tariff is not known, so that price never applies.",
        "शुल्क की एक शर्त अज्ञात है, इसलिए वह दाम कभी लागू नहीं होगा।",
    ),
    "cure.vat-as-fraction": (
        "The tax is less than one per cent: send 18 for 18 %.",
        "कर एक प्रतिशत से कम है: 18 % के लिए 18 भेजें।",
    ),
    "cure.vat-missing": (
        "The tax is not given, so the price with tax is unknown.",
        "कर नहीं दिया है, इसलिए कर सहित दाम अज्ञात है।",
    ),
    "cure.city-not-a-name": (
        "This is a number, not a place; it was left out.",
        "यह संख्या है, स्थान नहीं; छोड़ दी गई।",
    ),
    "cure.column-not-published": (
        "The registry has no field for this column.",
        "रजिस्टर में इस कॉलम के लिए फ़ील्ड नहीं; यह फ़ाइल में ही रहता है।",
    ),
    "cure.connector-standard-unknown": (
        "OCPI has no such plug; it is kept as given.",
        "OCPI में ऐसा प्लग नहीं है; जैसा लिखा वैसा रखा गया।",
    ),
    "cure.connectors-share-one-evse": (
        "Plugs that share the charger's power were taken as one point.",
        "साझा पावर वाले प्लग एक ही पॉइंट माने गए।",
    ),
    "cure.coordinates-coarse": (
        "The coordinates are too coarse: send five decimals or more.",
        "निर्देशांक मोटे हैं: पाँच या अधिक दशमलव लिखें।",
    ),
    "cure.coordinates-swapped": (
        "Latitude and longitude were swapped; they were put right.",
        "अक्षांश और देशांतर उलटे थे; ठीक किए गए।",
    ),
    "cure.delivery-point-exposed": (
        "A number that must stay secret stood here; it was taken out.",
        "यहाँ एक गोपनीय संख्या थी; हटा दी गई। दूसरी पहचान चुनें।",
    ),
    "cure.event-late": (
        "Collected long after it happened; put in its place.",
        "घटना के बहुत बाद मिला; अपने समय पर रखा गया।",
    ),
    "cure.evse-id-format": (
        "This is no proper EVSE-ID.",
        "यह सही EVSE-ID नहीं है, जैसे IN*TPC*E12345।",
    ),
    "cure.evse-unknown": (
        "No charging point of this id is held: send the station's static data first.",
        "इस पहचान का कोई चार्जिंग पॉइंट नहीं है: पहले स्टेशन का स्थिर डेटा भेजें।",
    ),
    "cure.file-not-utf8": (
        "The file is not UTF-8: look at letters with accents.",
        "फ़ाइल UTF-8 में नहीं है: अगली बार CSV UTF-8 में सहेजें।",
    ),
    "cure.foreign-party": (
        "These data belong to another operator.",
        "यह डेटा दूसरे ऑपरेटर का है: कोड सुधारें या पंक्ति हटाएँ।",
    ),
    "cure.hours-always-open": (
        "Open all day on all days: say so with one word.",
        "हर दिन दिन भर खुला है: twentyfourseven लिखें।",
    ),
    "cure.location-conflict": (
        "Rows say different things about the same place.",
        "एक ही स्थान के बारे में पंक्तियाँ अलग कहती हैं: निर्देशांक या पता सुधारें।",
    ),
    "cure.longitude-equals-latitude": (
        "The longitude is a copy of the latitude.",
        "देशांतर अक्षांश की नकल है: सही देशांतर लिखें।",
    ),
    "cure.party-missing": ("It is not said whose data this is.", "यह नहीं लिखा कि डेटा किसका है।"),
    "cure.personal-data-suspected": (
        "A private person's data may stand here; they are not published.",
        "यहाँ किसी व्यक्ति का निजी डेटा लगता है; वह प्रकाशित नहीं होता। इसे हटाएँ।",
    ),
    "cure.phone-placeholder": (
        "Nobody answers at this number; it was left out.",
        "इस नंबर पर कोई उत्तर नहीं देता; छोड़ दिया गया।",
    ),
    "cure.plug-out-of-order": (
        "The status of a single plug is not published.",
        "एक प्लग की स्थिति प्रकाशित नहीं होती।",
    ),
    "cure.plugs-all-out-of-order": (
        "Every plug is out of order, so the point is.",
        "सभी प्लग खराब हैं, इसलिए पॉइंट खराब माना गया।",
    ),
    "cure.point-repeated": (
        "The same point stands twice: the newer row counts.",
        "यही पॉइंट दो बार है: नई पंक्ति मानी गई।",
    ),
    "cure.points-miscounted": (
        "The number of points does not fit the rows.",
        "पॉइंट की संख्या पंक्तियों से मेल नहीं खाती।",
    ),
    "cure.power-implausible": (
        "So much power is not possible; it was left out.",
        "इतनी पावर संभव नहीं; छोड़ दी गई।",
    ),
    "cure.power-in-watts": (
        "The power was read as watts: enter kW.",
        "पावर वॉट में मानी गई: kW में लिखें।",
    ),
    "cure.power-without-plug": (
        "A power stands without a plug: name the plug.",
        "पावर है पर प्लग नहीं: प्लग लिखें।",
    ),
    "cure.price-not-published": (
        "Prices of this file are not published: send a tariff.",
        "इस फ़ाइल का दाम प्रकाशित नहीं होता: शुल्क भेजें।",
    ),
    "cure.restriction-unreadable": (
        "The restriction could not be read; it was left out.",
        "प्रतिबंध पढ़ा नहीं जा सका; छोड़ दिया गया।",
    ),
    "cure.row-repeated": (
        "The same row stands twice: taken as a further device.",
        "यही पंक्ति दो बार है: एक और यंत्र माना गया। वही यंत्र हो तो पंक्ति हटाएँ।",
    ),
    "cure.row-with-several-evses": (
        "The row was taken as several charging points.",
        "पंक्ति को कई चार्जिंग पॉइंट माना गया।",
    ),
    "cure.state-normalised": (
        "The state's name was spelt otherwise.",
        "राज्य के नाम की वर्तनी ठीक की गई।",
    ),
    "cure.state-unknown": (
        "The point's state is unknown, so it is not shown as free.",
        "पॉइंट की दशा अज्ञात है, इसलिए खाली नहीं दिखाया गया।",
    ),
    "cure.status-conflict": (
        "Two rows give the same point different statuses; the newer counts.",
        "दो पंक्तियाँ एक ही पॉइंट की अलग स्थिति बताती हैं; नई मानी गई।",
    ),
    "cure.status-contradictory": (
        "The two columns of the status contradict each other.",
        "स्थिति के दोनों कॉलम एक-दूसरे के विपरीत हैं: एक सुधारें।",
    ),
    "cure.status-old": (
        "The status is too old to be shown as live.",
        "स्थिति इतनी पुरानी है कि अभी की नहीं मानी जा सकती: पुष्टि का समय भेजें।",
    ),
    "cure.status-older-than-held": (
        "Something newer is known of this point, and stands.",
        "इस पॉइंट की नई स्थिति पहले से है और वही रहेगी।",
    ),
    "cure.status-undated": (
        "A status without a time counts from when it was received.",
        "बिना समय की स्थिति मिलने के समय से गिनी जाती है: समय भी भेजें।",
    ),
    "cure.status-unreadable": ("The status cannot be read.", "स्थिति पढ़ी नहीं जा सकती।"),
    "cure.timestamp-spellings": (
        "Times are spelt in several ways: use one.",
        "समय कई ढंग से लिखा है: एक ही ढंग रखें।",
    ),
    "cure.timestamp-unreadable": ("The time cannot be read.", "समय पढ़ा नहीं जा सकता।"),
    "cure.timestamp-without-zone": (
        "The time has no zone; read as UTC.",
        "समय में क्षेत्र नहीं है; UTC माना गया।",
    ),
    "cure.words-not-published": (
        "The registry has no field for some words of this column.",
        "इस कॉलम के कुछ शब्दों के लिए फ़ील्ड नहीं; वे फ़ाइल में ही रहते हैं।",
    ),
}
