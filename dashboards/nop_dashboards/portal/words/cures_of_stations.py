"""What findings about stations, charging points and plugs mean. See `cures_of_files`."""

TEXTS = {
    "cure.address-missing": ("Street or town is missing: send both.", "सड़क या शहर नहीं है: दोनों भेजें।"),
    "cure.charger-kind-unreadable": (
        "The kinds do not fit the number of outlets or their kW: one row for each kind.",
        "प्रकार आउटलेट की संख्या या kW से मेल नहीं खाते: हर प्रकार की अलग पंक्ति लिखें।",
    ),
    "cure.city-not-a-name": (
        "This is a number, not a place; it was left out.",
        "यह संख्या है, स्थान नहीं; छोड़ दी गई।",
    ),
    "cure.connections-missing": ("Say which plugs there are.", "बताएँ कि कौन से प्लग हैं।"),
    "cure.connector-id-missing": (
        "The plug has no id and was numbered: give it one that never changes.",
        "प्लग की पहचान नहीं है, क्रमांक दिया गया: ऐसी पहचान दें जो कभी न बदले।",
    ),
    "cure.connector-no-standard": (
        "A plug without its standard says nothing: send it.",
        "मानक के बिना प्लग बेकार है: मानक भेजें, जैसे IEC_62196_T2।",
    ),
    "cure.connector-repeated": (
        "Another row has the same connector: give each its own id.",
        "दूसरी पंक्ति में यही कनेक्टर है: हर एक को अपनी पहचान दें।",
    ),
    "cure.connector-standard-spelling": (
        "The plug was understood, but is spelt otherwise.",
        "प्लग समझ लिया गया, पर वर्तनी OCPI की लिखें।",
    ),
    "cure.connector-standard-unknown": (
        "OCPI has no such plug; it is kept as given.",
        "OCPI में ऐसा प्लग नहीं है; जैसा लिखा वैसा रखा गया।",
    ),
    "cure.connectors-missing": (
        "The charging point has no connector: list it.",
        "चार्जिंग पॉइंट में कनेक्टर नहीं है: उसे लिखें।",
    ),
    "cure.connectors-share-one-evse": (
        "Plugs that share the charger's power were taken as one point.",
        "साझा पावर वाले प्लग एक ही पॉइंट माने गए।",
    ),
    "cure.connectors-unusable": ("Enter the number of plugs: 1 to 50.", "प्लग की संख्या लिखें: 1 से 50।"),
    "cure.coordinate-unreadable": (
        "The coordinates cannot be read: write degrees such as 28.61394.",
        "निर्देशांक पढ़े नहीं जा सकते: डिग्री लिखें, जैसे 28.61394।",
    ),
    "cure.coordinates-coarse": (
        "The coordinates are too coarse: send five decimals or more.",
        "निर्देशांक मोटे हैं: पाँच या अधिक दशमलव लिखें।",
    ),
    "cure.coordinates-missing": (
        "Latitude or longitude is missing: send both in degrees.",
        "अक्षांश या देशांतर नहीं है: दोनों डिग्री में भेजें।",
    ),
    "cure.coordinates-out-of-range": (
        "There is no such latitude or longitude.",
        "ऐसा अक्षांश या देशांतर नहीं होता: ±85 और ±180 के भीतर लिखें।",
    ),
    "cure.coordinates-outside-country": (
        "The place is outside the country: correct latitude and longitude.",
        "स्थान देश के बाहर है: अक्षांश और देशांतर सुधारें।",
    ),
    "cure.coordinates-swapped": (
        "Latitude and longitude were swapped; they were put right.",
        "अक्षांश और देशांतर उलटे थे; ठीक किए गए।",
    ),
    "cure.coordinates-zero": (
        "0, 0 is in the Atlantic: send the charger's own coordinates.",
        "0, 0 समुद्र में है: चार्जर के अपने निर्देशांक भेजें।",
    ),
    "cure.count-unreadable": (
        "The number cannot be read and was left out.",
        "संख्या पढ़ी नहीं जा सकी, छोड़ दी गई: पूर्ण संख्या लिखें।",
    ),
    "cure.country-missing": ("No country is given.", "देश नहीं लिखा है।"),
    "cure.country-spelling": (
        "The country was understood: use its three letters.",
        "देश समझ लिया गया: तीन अक्षर का कोड लिखें, जैसे IND।",
    ),
    "cure.country-unknown": (
        "No such country is known; it was left out.",
        "ऐसा देश ज्ञात नहीं, छोड़ दिया गया: ISO कोड लिखें, जैसे IND।",
    ),
    "cure.delivery-point-exposed": (
        "A number that must stay secret stood here; it was taken out.",
        "यहाँ एक गोपनीय संख्या थी; हटा दी गई। दूसरी पहचान चुनें।",
    ),
    "cure.device-repeated": (
        "Another row has the same number: keep the right one.",
        "दूसरी पंक्ति में यही संख्या है: सही वाली रखें।",
    ),
    "cure.evse-coordinates-unusable": (
        "The point's own coordinates were left out; the station's count.",
        "पॉइंट के अपने निर्देशांक छोड़े गए; स्टेशन के माने गए।",
    ),
    "cure.evse-id-duplicate": (
        "Another point of this station has the same EVSE-ID.",
        "इसी स्टेशन के दूसरे पॉइंट की यही EVSE-ID है: हर एक को अपनी दें।",
    ),
    "cure.evse-id-format": (
        "This is no proper EVSE-ID.",
        "यह सही EVSE-ID नहीं है, जैसे IN*TPC*E12345।",
    ),
    "cure.evse-id-missing": (
        "The charging point has no public EVSE-ID.",
        "चार्जिंग पॉइंट की सार्वजनिक EVSE-ID नहीं है।",
    ),
    "cure.evse-id-other-operator": (
        "The EVSE-ID begins with another operator's code.",
        "EVSE-ID दूसरे ऑपरेटर के कोड से शुरू होती है: उनके लिए चलाते हों तो ठीक है।",
    ),
    "cure.evse-id-several": (
        "A point has one id; the first was taken.",
        "पॉइंट की एक ही पहचान होती है; पहली ली गई।",
    ),
    "cure.evse-no-uid": (
        "A charging point needs an id that never changes.",
        "चार्जिंग पॉइंट को ऐसी पहचान चाहिए जो कभी न बदले।",
    ),
    "cure.evse-uid-duplicate": (
        "Another point of this station has the same id.",
        "इसी स्टेशन के दूसरे पॉइंट की यही पहचान है: हर एक को अपनी दें।",
    ),
    "cure.evse-unknown": (
        "No charging point of this id is held: send the station's static data first.",
        "इस पहचान का कोई चार्जिंग पॉइंट नहीं है: पहले स्टेशन का स्थिर डेटा भेजें।",
    ),
    "cure.evses-missing": (
        "The station has no charging point, so it is not shown.",
        "स्टेशन में कोई चार्जिंग पॉइंट नहीं, इसलिए वह दिखता नहीं।",
    ),
    "cure.exceptional-hours-backwards": (
        "A period ends before it begins; it was left out.",
        "अवधि शुरू होने से पहले ख़त्म होती है; छोड़ दी गई।",
    ),
    "cure.exceptional-hours-incomplete": (
        "An exceptional period lacks its beginning or end; it was left out.",
        "विशेष अवधि का आरंभ या अंत नहीं है; छोड़ दी गई।",
    ),
    "cure.hours-always-open": (
        "Open all day on all days: say so with one word.",
        "हर दिन दिन भर खुला है: twentyfourseven लिखें।",
    ),
    "cure.hours-empty": (
        "Opening hours are announced, but none are given: they count as unknown.",
        "समय की सूची खाली है: समय अज्ञात माना गया।",
    ),
    "cure.hours-unreadable": (
        "The opening hours cannot be read: they count as unknown.",
        "खुलने का समय पढ़ा नहीं जा सका: अज्ञात माना गया।",
    ),
    "cure.link-unusable": (
        "The link cannot be followed; it was left out.",
        "लिंक काम का नहीं, छोड़ दिया गया: https:// से शुरू करें, बिना खाली जगह।",
    ),
    "cure.location-conflict": (
        "Rows say different things about the same place.",
        "एक ही स्थान के बारे में पंक्तियाँ अलग कहती हैं: निर्देशांक या पता सुधारें।",
    ),
    "cure.location-not-public": (
        "For private use only: kept, and not published.",
        "केवल निजी उपयोग के लिए: रखा गया, प्रकाशित नहीं।",
    ),
    "cure.location-unreadable": ("This is no readable Location.", "यह पढ़ने योग्य Location नहीं है।"),
    "cure.longitude-equals-latitude": (
        "The longitude is a copy of the latitude.",
        "देशांतर अक्षांश की नकल है: सही देशांतर लिखें।",
    ),
    "cure.not-electric": (
        "This station sells another fuel.",
        "यह स्टेशन दूसरा ईंधन बेचता है: सूची में 'Electric' चुनें।",
    ),
    "cure.opening-times-missing": ("No opening hours are given.", "खुलने का समय नहीं दिया है।"),
    "cure.operator-missing": ("No operator is named.", "ऑपरेटर का नाम नहीं है।"),
    "cure.phone-placeholder": (
        "Nobody answers at this number; it was left out.",
        "इस नंबर पर कोई उत्तर नहीं देता; छोड़ दिया गया।",
    ),
    "cure.plug-out-of-order": (
        "The status of a single plug is not published.",
        "एक प्लग की स्थिति प्रकाशित नहीं होती।",
    ),
    "cure.plug-unknown": (
        "There is no such plug in this format; it was left out.",
        "इस प्रारूप में ऐसा प्लग नहीं; छोड़ दिया गया।",
    ),
    "cure.plugs-all-out-of-order": (
        "Every plug is out of order, so the point is.",
        "सभी प्लग खराब हैं, इसलिए पॉइंट खराब माना गया।",
    ),
    "cure.plugs-of-station": (
        "The plugs are named for the whole station: each point was given those of its level.",
        "प्लग पूरे स्टेशन के लिए लिखे हैं: हर पॉइंट को उसके स्तर के दिए गए।",
    ),
    "cure.point-id-missing": (
        "The charging point has no id: enter it.",
        "चार्जिंग पॉइंट की पहचान नहीं है: लिखें।",
    ),
    "cure.point-repeated": (
        "The same point stands twice: the newer row counts.",
        "यही पॉइंट दो बार है: नई पंक्ति मानी गई।",
    ),
    "cure.points-implausible": (
        "So many points do not stand at one place.",
        "एक स्थान पर इतने पॉइंट नहीं होते: संख्या सुधारें।",
    ),
    "cure.points-miscounted": (
        "The number of points does not fit the rows.",
        "पॉइंट की संख्या पंक्तियों से मेल नहीं खाती।",
    ),
    "cure.points-without-plugs": (
        "More points are counted than have plugs: only those were taken.",
        "पॉइंट की संख्या प्लग से अधिक है: प्लग वाले ही लिए गए।",
    ),
    "cure.ports-missing": (
        "No port is counted: enter how many there are.",
        "कोई पोर्ट नहीं गिना गया: संख्या लिखें।",
    ),
    "cure.postal-code-shortened": (
        "The spreadsheet has cut the leading 0: format the column as text.",
        "स्प्रेडशीट ने शुरू का 0 हटा दिया: कॉलम को टेक्स्ट बनाएँ।",
    ),
    "cure.publish-missing": (
        "It is not said whether this may be published.",
        "यह नहीं लिखा कि प्रकाशित करना है या नहीं।",
    ),
    "cure.publish-unreadable": (
        "Whether this may be published cannot be read: send true or false.",
        "प्रकाशित करना है या नहीं, यह पढ़ा नहीं जा सका: true या false भेजें।",
    ),
    "cure.site-without-id": (
        "Give each site an id that never changes.",
        "हर स्थल को ऐसी पहचान दें जो कभी न बदले।",
    ),
    "cure.site-without-points": (
        "A site needs a charging point with its plugs.",
        "स्थल को प्लग सहित चार्जिंग पॉइंट चाहिए।",
    ),
    "cure.state-normalised": (
        "The state's name was spelt otherwise.",
        "राज्य के नाम की वर्तनी ठीक की गई।",
    ),
    "cure.state-unknown": (
        "The point's state is unknown, so it is not shown as free.",
        "पॉइंट की दशा अज्ञात है, इसलिए खाली नहीं दिखाया गया।",
    ),
    "cure.station-id-missing": ("The station has no id: enter it.", "स्टेशन की पहचान नहीं है: लिखें।"),
    "cure.station-private": (
        "Kept, and not shown to the public.",
        "रखा गया, पर जनता को नहीं दिखाया जाता।",
    ),
    "cure.station-repeated": (
        "Another row has the same number: keep one.",
        "दूसरी पंक्ति में यही संख्या है: एक ही रखें।",
    ),
    "cure.status-conflict": (
        "Two rows give the same point different statuses; the newer counts.",
        "दो पंक्तियाँ एक ही पॉइंट की अलग स्थिति बताती हैं; नई मानी गई।",
    ),
    "cure.status-contradictory": (
        "The two columns of the status contradict each other.",
        "स्थिति के दोनों कॉलम एक-दूसरे के विपरीत हैं: एक सुधारें।",
    ),
    "cure.status-missing": (
        "The point has no status, so it counts as unknown.",
        "पॉइंट की स्थिति नहीं है, इसलिए अज्ञात मानी गई।",
    ),
    "cure.status-old": (
        "The status is too old to be shown as live.",
        "स्थिति इतनी पुरानी है कि अभी की नहीं मानी जा सकती: पुष्टि का समय भेजें।",
    ),
    "cure.status-older-than-held": (
        "Something newer is known of this point, and stands.",
        "इस पॉइंट की नई स्थिति पहले से है और वही रहेगी।",
    ),
    "cure.status-removes-nothing": (
        "A status file removes nothing: leave the point out of the next table.",
        "स्थिति-फ़ाइल कुछ नहीं हटाती: अगली सूची में यह पॉइंट न लिखें।",
    ),
    "cure.status-unknown": (
        "There is no such status.",
        "ऐसी कोई स्थिति नहीं होती: प्रारूप का शब्द लिखें।",
    ),
    "cure.status-undated": (
        "A status without a time counts from when it was received.",
        "बिना समय की स्थिति मिलने के समय से गिनी जाती है: समय भी भेजें।",
    ),
    "cure.statuses-lapsed": (
        "The statuses are too old to be shown as live.",
        "स्थितियाँ इतनी पुरानी हैं कि अभी की नहीं मानी जा सकतीं: फ़ाइल जल्दी भेजें, या पुष्टि का समय भी भेजें।",
    ),
    "cure.status-unreadable": ("The status cannot be read.", "स्थिति पढ़ी नहीं जा सकती।"),
    "cure.time-zone-derived": (
        "The time zone was derived from country and coordinates: send it.",
        "समय क्षेत्र देश और निर्देशांक से निकाला गया: उसे भेजें।",
    ),
    "cure.time-zone-missing": ("No time zone is given.", "समय क्षेत्र नहीं दिया है।"),
    "cure.time-zone-spelling": (
        "The time zone was understood: use its IANA name.",
        "समय क्षेत्र समझ लिया गया: IANA नाम लिखें, जैसे Asia/Kolkata।",
    ),
    "cure.time-zone-unknown": (
        "There is no such time zone; it was left out.",
        "ऐसा समय क्षेत्र नहीं है, छोड़ दिया गया: IANA नाम लिखें, जैसे Asia/Kolkata।",
    ),
}
