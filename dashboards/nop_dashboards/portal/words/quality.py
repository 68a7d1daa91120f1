"""Findings that stand, and the quality score."""

TEXTS = {
    "findings.title": ("Findings and score", "कमियाँ और अंक"),
    "findings.none": ("Nothing stands against your data.", "आपके डेटा में कोई कमी नहीं है।"),
    "findings.by_code": ("What stands, by kind", "क्या बाकी है, प्रकार के अनुसार"),
    "findings.each": ("One by one", "एक-एक करके"),
    "findings.object": ("Station or tariff", "स्टेशन या शुल्क"),
    "findings.where": ("Where in it", "उसमें कहाँ"),
    "findings.still_live": (
        "an earlier good version stays published",
        "पिछला अच्छा संस्करण प्रकाशित है",
    ),
    "findings.filter": ("Show", "दिखाएँ"),
    "score.title": ("Quality score", "गुणवत्ता अंक"),
    "score.explain": (
        "Five dimensions, weighed: completeness 25 %, correctness 25 %, timeliness 20 %, "
        "consistency 15 %, reliability 15 %. Each day counts a tenth, so one bad day is no drama. "
        "Only you and the regulator see it.",
        "पाँच आयाम, भार सहित: पूर्णता 25 %, शुद्धता 25 %, समयबद्धता 20 %, संगति 15 %, विश्वसनीयता 15 %। हर "
        "दिन का भार दसवाँ हिस्सा है। इसे केवल आप और नियामक देखते हैं।",
    ),
    "score.none": (
        "Not measured yet: it is measured within a minute after the first stations came.",
        "अभी मापा नहीं गया: पहले स्टेशन आने के एक मिनट में मापा जाता है।",
    ),
    "score.smoothed": ("score", "अंक"),
    "score.today": ("today alone", "केवल आज"),
    "score.change": ("{points} points in 30 days", "30 दिनों में {points} अंक"),
    "score.median": (
        "Half of all sources have {score} % or more.",
        "आधे स्रोतों के {score} % या अधिक हैं।",
    ),
    "score.trend": ("Score from {first} to {last}", "{first} से {last} तक के अंक"),
    "score.lift": ("What lifts the score most", "अंक किससे सबसे अधिक बढ़ेंगे"),
    "score.lift_line": (
        "+{points} points: {title} ({affected} of {eligible})",
        "+{points} अंक: {title} ({eligible} में से {affected})",
    ),
    "score.perfect": ("Nothing takes anything off.", "कुछ भी अंक कम नहीं कर रहा।"),
    "dimension.completeness": ("Completeness", "पूर्णता"),
    "dimension.correctness": ("Correctness", "शुद्धता"),
    "dimension.consistency": ("Consistency", "संगति"),
    "dimension.timeliness": ("Timeliness", "समयबद्धता"),
    "dimension.reliability": ("Reliability", "विश्वसनीयता"),
    "rule.C02": ("give the power of every charging point", "हर पॉइंट की पावर दें"),
    "rule.C03": ("give the opening hours", "खुलने का समय दें"),
    "rule.C04": ("give a helpdesk phone", "हेल्पलाइन फ़ोन दें"),
    "rule.C05": ("give a tariff, also where charging is free", "शुल्क दें, निःशुल्क हो तब भी"),
    "rule.C07": ("say how one can pay (capabilities)", "भुगतान के तरीके बताएँ"),
    "rule.C10": ("give public EVSE-IDs", "सार्वजनिक EVSE-ID दें"),
    "rule.C12": ("give name and address", "नाम और पता दें"),
    "rule.K00": ("mend what was refused", "अस्वीकृत को सुधारें"),
    "rule.K03": (
        "give coordinates with more than three decimals",
        "तीन से अधिक दशमलव वाले निर्देशांक दें",
    ),
    "rule.K05": (
        "many stations at one and the same place: give each its own",
        "एक ही जगह पर कई स्टेशन: हर एक का अपना स्थान दें",
    ),
    "rule.K10": ("write EVSE-IDs as IN*ABC*E…", "EVSE-ID को IN*ABC*E… की तरह लिखें"),
    "rule.K13": ("write phone numbers with country code", "फ़ोन नंबर देश कोड सहित लिखें"),
    "rule.S02": (
        "the same EVSE-ID comes from another source too: agree whose it is",
        "वही EVSE-ID दूसरे स्रोत से भी आती है: तय करें किसकी है",
    ),
    "rule.S06": ("send a status for every charging point", "हर पॉइंट की स्थिति भेजें"),
    "rule.S08": (
        "charging for more than a day: is the status stuck?",
        "एक दिन से अधिक चार्जिंग: क्या स्थिति अटकी है?",
    ),
    "rule.S09": ("send the tariffs that plugs refer to", "प्लग जिन शुल्कों का नाम लेते हैं वे भेजें"),
    "rule.T03": ("keep statuses fresh", "स्थितियाँ ताज़ा रखें"),
    "rule.T04": (
        "nothing heard for 30 days: is it still there?",
        "30 दिन से कुछ नहीं: क्या यह अब भी है?",
    ),
    "rule.R01": ("deliveries that failed in 30 days", "30 दिनों में असफल डिलीवरियाँ"),
    "rule.R06": ("deliveries held because much was missing", "बहुत कुछ गायब होने से रोकी गई डिलीवरियाँ"),
}
