"""What the codes of findings mean: here those about files, rows, ids and times.

English pages show the finding's own sentence, which says more; other languages show the text here
and the sentence after it. A `*` stands for any field.
"""

TEXTS = {
    "cure.*-null": (
        "OCPI requires this field: it cannot be taken away.",
        "OCPI में यह फ़ील्ड आवश्यक है: इसे हटाया नहीं जा सकता।",
    ),
    "cure.cell-missing": ("This cell must be filled in.", "यह खाना भरना आवश्यक है।"),
    "cure.cell-unusable": (
        "This cell cannot be read: write it as the field guide says.",
        "यह खाना पढ़ा नहीं जा सकता: कॉलम की जानकारी के अनुसार लिखें।",
    ),
    "cure.column-not-published": (
        "The registry has no field for this column.",
        "रजिस्टर में इस कॉलम के लिए फ़ील्ड नहीं; यह फ़ाइल में ही रहता है।",
    ),
    "cure.column-unknown": (
        "There is no such column; it was not read.",
        "ऐसा कोई कॉलम नहीं है; इसे नहीं पढ़ा गया।",
    ),
    "cure.control-character": (
        "An invisible sign stands in the cell: type it anew.",
        "खाने में अदृश्य चिह्न है: उसे फिर से लिखें।",
    ),
    "cure.date-unreadable": (
        "The date cannot be read: write it as 2026-04-30.",
        "तारीख पढ़ी नहीं जा सकी: 2026-04-30 की तरह लिखें।",
    ),
    "cure.duplicate-id": (
        "The same id comes twice with different content: give each its own.",
        "एक ही पहचान दो बार अलग डेटा के साथ: हर एक को अपनी पहचान दें।",
    ),
    "cure.enum-spelling": (
        "The word was understood, but is spelt otherwise.",
        "शब्द समझ लिया गया, पर वर्तनी अलग है।",
    ),
    "cure.event-late": (
        "Collected long after it happened; put in its place.",
        "घटना के बहुत बाद मिला; अपने समय पर रखा गया।",
    ),
    "cure.example-left-in": (
        "This is the template's own example: delete it before you send your file.",
        "यह नमूने का उदाहरण है: अपनी फ़ाइल भेजने से पहले इसे हटाएँ।",
    ),
    "cure.field-missing": ("A required field is missing: add it.", "आवश्यक फ़ील्ड नहीं है: जोड़ें।"),
    "cure.field-unusable": (
        "This field cannot be used and was left out.",
        "यह फ़ील्ड उपयोगी नहीं है और छोड़ दी गई।",
    ),
    "cure.file-encodings-mixed": (
        "The file mixes two encodings: save it as UTF-8.",
        "फ़ाइल में दो एन्कोडिंग मिली हैं: UTF-8 में सहेजें।",
    ),
    "cure.file-not-utf8": (
        "The file is not UTF-8: look at letters with accents.",
        "फ़ाइल UTF-8 में नहीं है: अगली बार CSV UTF-8 में सहेजें।",
    ),
    "cure.foreign-party": (
        "These data belong to another operator.",
        "यह डेटा दूसरे ऑपरेटर का है: कोड सुधारें या पंक्ति हटाएँ।",
    ),
    "cure.geometry-unusable": (
        "The geometry is no point: give one with longitude and latitude.",
        "ज्यामिति बिंदु नहीं है: देशांतर और अक्षांश वाला बिंदु दें।",
    ),
    "cure.header-repeated": (
        "The header row stands here again: delete it.",
        "शीर्षक पंक्ति यहाँ फिर है: इसे हटाएँ।",
    ),
    "cure.id-missing": (
        "Every object needs an id that never changes.",
        "हर वस्तु को ऐसी पहचान चाहिए जो कभी न बदले।",
    ),
    "cure.id-spelling": (
        "The id was understood, but is spelt otherwise.",
        "पहचान समझ ली गई, पर वर्तनी अलग है।",
    ),
    "cure.id-unusable": (
        "The id is too long: at most 36 characters.",
        "पहचान बहुत लंबी है: 36 अक्षर तक लिखें।",
    ),
    "cure.identity-differs": (
        "The object names itself otherwise than its address does.",
        "वस्तु की पहचान उसके पते से अलग है।",
    ),
    "cure.json-irregular": (
        "The JSON has a small fault; it was read all the same.",
        "JSON में छोटी कमी है; फिर भी पढ़ लिया गया।",
    ),
    "cure.json-unreadable": ("This is not proper JSON.", "यह सही JSON नहीं है।"),
    "cure.last-updated-missing": (
        "It is not said when this last changed; the time of receipt counts.",
        "अंतिम बदलाव का समय नहीं है; प्राप्ति का समय माना जाएगा।",
    ),
    "cure.last-updated-unusable": (
        "The time of the last change cannot be read.",
        "अंतिम बदलाव का समय पढ़ा नहीं जा सकता।",
    ),
    "cure.not-taken": ("The row was not taken: its neighbours say why.", "पंक्ति नहीं ली गई।"),
    "cure.object-unknown": ("This is neither a station nor a tariff.", "यह न स्टेशन है न शुल्क।"),
    "cure.ocpi-version": (
        "The OCPI version as which the file was read.",
        "फ़ाइल OCPI के इस संस्करण के रूप में पढ़ी गई।",
    ),
    "cure.older-than-held": (
        "Something newer is held, and stays.",
        "इससे नया डेटा पहले से है और वही रहेगा।",
    ),
    "cure.other-energies-left-out": (
        "Points of other energies were not read.",
        "दूसरी ऊर्जा के पॉइंट नहीं पढ़े गए।",
    ),
    "cure.party-missing": ("It is not said whose data this is.", "यह नहीं लिखा कि डेटा किसका है।"),
    "cure.party-unusable": (
        "The operator's code is two letters of the country and three of the operator.",
        "ऑपरेटर का कोड: देश के दो अक्षर और ऑपरेटर के तीन, जैसे IN-TPC।",
    ),
    "cure.personal-data-suspected": (
        "A private person's data may stand here; they are not published.",
        "यहाँ किसी व्यक्ति का निजी डेटा लगता है; वह प्रकाशित नहीं होता। इसे हटाएँ।",
    ),
    "cure.record-unreadable": (
        "This is no readable object: export the list again.",
        "यह पढ़ने योग्य नहीं है: सूची फिर निर्यात करें।",
    ),
    "cure.row-conflict": (
        "Rows say different things about the same station; the first counts.",
        "एक ही स्टेशन के बारे में पंक्तियाँ अलग कहती हैं; पहली मानी गई।",
    ),
    "cure.row-repeated": (
        "The same row stands twice: taken as a further device.",
        "यही पंक्ति दो बार है: एक और यंत्र माना गया। वही यंत्र हो तो पंक्ति हटाएँ।",
    ),
    "cure.row-too-long": (
        "More cells than the header has: put a text with a delimiter into quotation marks.",
        "खाने शीर्षक से अधिक हैं: विभाजक वाले पाठ को उद्धरण चिह्नों में रखें।",
    ),
    "cure.row-unreadable": ("This row cannot be read.", "यह पंक्ति पढ़ी नहीं जा सकती।"),
    "cure.row-with-several-evses": (
        "The row was taken as several charging points.",
        "पंक्ति को कई चार्जिंग पॉइंट माना गया।",
    ),
    "cure.text-garbled": (
        "The text is garbled: save the file as UTF-8.",
        "पाठ बिगड़ा हुआ है: फ़ाइल UTF-8 में सहेजें।",
    ),
    "cure.text-mended": ("Wrongly coded letters were mended.", "गलत कोड वाले अक्षर सुधारे गए।"),
    "cure.text-too-long": ("The text is too long.", "पाठ बहुत लंबा है।"),
    "cure.time-without-zone": (
        "The time has no zone; read as the station's local time or UTC.",
        "समय में क्षेत्र नहीं है: +05:30 या Z जोड़ें।",
    ),
    "cure.timestamp-future": (
        "The time is in the future; the time of receipt counts.",
        "समय भविष्य का है; प्राप्ति का समय माना गया। घड़ी जाँचें और UTC भेजें।",
    ),
    "cure.timestamp-implausible": (
        "So old a time is no fact; it was left out.",
        "इतना पुराना समय असली नहीं लगता; छोड़ दिया गया।",
    ),
    "cure.timestamp-missing": (
        "No time is given; the time of receipt counts.",
        "समय नहीं दिया; प्राप्ति का समय माना गया। UTC में भेजें।",
    ),
    "cure.timestamp-spellings": (
        "Times are spelt in several ways: use one.",
        "समय कई ढंग से लिखा है: एक ही ढंग रखें।",
    ),
    "cure.timestamp-unreadable": ("The time cannot be read.", "समय पढ़ा नहीं जा सकता।"),
    "cure.timestamp-without-zone": (
        "The time has no zone; read as UTC.",
        "समय में क्षेत्र नहीं है; UTC माना गया।",
    ),
    "cure.uid-missing": (
        "A charging point must carry its uid, as the address does.",
        "चार्जिंग पॉइंट में उसका uid होना चाहिए, जैसा पते में है।",
    ),
    "cure.words-not-published": (
        "The registry has no field for some words of this column.",
        "इस कॉलम के कुछ शब्दों के लिए फ़ील्ड नहीं; वे फ़ाइल में ही रहते हैं।",
    ),
}
