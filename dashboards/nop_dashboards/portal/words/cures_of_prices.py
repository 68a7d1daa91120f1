"""What findings about power, tariffs and prices mean. See `cures_of_files`."""

TEXTS = {
    "cure.currency-foreign": ("The currency is not the country's own.", "मुद्रा इस देश की नहीं है।"),
    "cure.currency-unusable": (
        "A price needs a currency such as INR.",
        "दाम को मुद्रा चाहिए, जैसे INR।",
    ),
    "cure.element-without-prices": (
        "A part of the tariff has no price: add it or leave the part out.",
        "शुल्क के एक हिस्से में दाम नहीं है: दाम जोड़ें या हिस्सा हटाएँ।",
    ),
    "cure.power-derived": (
        "The power was computed from volts and amperes.",
        "पावर वोल्ट और ऐम्पियर से निकाली गई।",
    ),
    "cure.power-implausible": (
        "So much power is not possible; it was left out.",
        "इतनी पावर संभव नहीं; छोड़ दी गई।",
    ),
    "cure.power-in-kw": (
        "The power was read as kilowatts: send watts.",
        "पावर किलोवाट मानी गई: वॉट में भेजें।",
    ),
    "cure.power-in-watts": (
        "The power was read as watts: enter kW.",
        "पावर वॉट में मानी गई: kW में लिखें।",
    ),
    "cure.power-mismatch": (
        "The power does not fit volts and amperes.",
        "पावर वोल्ट और ऐम्पियर से मेल नहीं खाती।",
    ),
    "cure.power-missing": ("The power is unknown: send it in watts.", "पावर अज्ञात है: वॉट में भेजें।"),
    "cure.power-of-the-strongest-facility": (
        "It is not said which power belongs to which plug: the highest was taken.",
        "कौन सी पावर किस प्लग की है यह नहीं लिखा: सबसे अधिक ली गई।",
    ),
    "cure.power-overstated": (
        "The power was computed from the highest volts and amperes: send the real one.",
        "पावर अधिकतम वोल्ट और ऐम्पियर से निकाली गई: असली पावर भेजें।",
    ),
    "cure.power-too-high": (
        "So much power is hardly possible: is it in watts?",
        "इतनी पावर संभव नहीं लगती: क्या यह वॉट में है?",
    ),
    "cure.power-type-impossible": (
        "The plug does not fit this kind of current.",
        "यह प्लग इस प्रकार के करंट के लिए नहीं है।",
    ),
    "cure.power-unreadable": (
        "The power cannot be read and was left out.",
        "पावर पढ़ी नहीं जा सकी, छोड़ दी गई: kW में संख्या लिखें।",
    ),
    "cure.power-unusable": (
        "Enter the power in kW, over 0 to 4000.",
        "पावर kW में लिखें: 0 से अधिक, 4000 तक।",
    ),
    "cure.power-without-plug": (
        "A power stands without a plug: name the plug.",
        "पावर है पर प्लग नहीं: प्लग लिखें।",
    ),
    "cure.price-incomplete": (
        "A price needs an amount and its currency; it was left out.",
        "दाम को राशि और मुद्रा दोनों चाहिए; दाम छोड़ दिया गया।",
    ),
    "cure.price-limit-unreadable": (
        "The least or highest price cannot be read.",
        "न्यूनतम या अधिकतम दाम पढ़ा नहीं जा सका।",
    ),
    "cure.price-negative": ("A price is negative.", "दाम ऋणात्मक है।"),
    "cure.price-not-published": (
        "Prices of this file are not published: send a tariff.",
        "इस फ़ाइल का दाम प्रकाशित नहीं होता: शुल्क भेजें।",
    ),
    "cure.price-of-several-tariffs": (
        "One price stands beside several tariffs: name one.",
        "एक दाम पर कई शुल्क लिखे हैं: एक ही लिखें।",
    ),
    "cure.price-unreadable": (
        "The price is no number, such as 0.45.",
        "दाम संख्या नहीं है: 0.45 की तरह लिखें।",
    ),
    "cure.prices-not-read": (
        "The prices in this file are not read: send them as tariffs.",
        "इस फ़ाइल के दाम नहीं पढ़े जाते: शुल्क के रूप में भेजें।",
    ),
    "cure.restriction-unreadable": (
        "The restriction could not be read; it was left out.",
        "प्रतिबंध पढ़ा नहीं जा सका; छोड़ दिया गया।",
    ),
    "cure.step-size-unusable": (
        "The step of the price is no number over 0.",
        "दाम का चरण 0 से अधिक संख्या नहीं है।",
    ),
    "cure.tariff-missing": (
        "The plug names no tariff, so its price is unknown.",
        "प्लग का कोई शुल्क नहीं बताया, इसलिए दाम अज्ञात है।",
    ),
    "cure.tariff-unreadable": ("This is no readable Tariff.", "यह पढ़ने योग्य Tariff नहीं है।"),
    "cure.tariff-without-elements": (
        "The tariff says no price: a free one has FLAT 0.",
        "शुल्क में कोई दाम नहीं है: मुफ़्त हो तो FLAT 0 लिखें।",
    ),
    "cure.tax-included-missing": (
        "It is not said whether the price is with tax: send YES or NO.",
        "यह नहीं लिखा कि दाम कर सहित है या नहीं: YES या NO भेजें।",
    ),
    "cure.time-price-low": (
        "So low a price per hour: is it per minute?",
        "प्रति घंटा इतना कम दाम: क्या यह प्रति मिनट है?",
    ),
    "cure.unknown-*": ("OCPI has no such word here.", "OCPI में यहाँ ऐसा शब्द नहीं है: सूची का शब्द लिखें।"),
    "cure.unknown-dimension": (
        "The kind of price is not known: use ENERGY, FLAT, PARKING_TIME or TIME.",
        "दाम का प्रकार अज्ञात है: ENERGY, FLAT, PARKING_TIME या TIME लिखें।",
    ),
    "cure.unknown-restriction": (
        "A restriction of the tariff is not known, so that price never applies.",
        "शुल्क की एक शर्त अज्ञात है, इसलिए वह दाम कभी लागू नहीं होगा।",
    ),
    "cure.validity-backwards": (
        "The tariff ends before it begins, so it is never valid.",
        "शुल्क शुरू होने से पहले ख़त्म होता है, इसलिए कभी लागू नहीं।",
    ),
    "cure.validity-unreadable": (
        "When the price is in force cannot be read: send UTC.",
        "दाम कब से लागू है पढ़ा नहीं जा सका: UTC में भेजें।",
    ),
    "cure.vat-as-fraction": (
        "The tax is less than one per cent: send 18 for 18 %.",
        "कर एक प्रतिशत से कम है: 18 % के लिए 18 भेजें।",
    ),
    "cure.vat-missing": (
        "The tax is not given, so the price with tax is unknown.",
        "कर नहीं दिया है, इसलिए कर सहित दाम अज्ञात है।",
    ),
    "cure.volts-or-amperes-implausible": (
        "Such volts or amperes are not possible; they were left out.",
        "ऐसे वोल्ट या ऐम्पियर संभव नहीं; छोड़ दिए गए।",
    ),
}
