"""Why a file is refused as a whole, and the steps of a handshake: sentences that the program says.

The English text is how the program says it: what is said is recognised by it, and its values are
put into the other language's sentence.
"""

TEXTS = {
    "refusal.none_known": (
        "the file is none of the known formats: fill in our own template, or send one of these as "
        "it was published, with its header row: {known}",
        "यह फ़ाइल किसी ज्ञात प्रारूप की नहीं है: हमारा टेम्पलेट भरें, या इनमें से कोई फ़ाइल वैसी ही भेजें जैसी वह "
        "प्रकाशित हुई थी, शीर्षक पंक्ति सहित: {known}",
    ),
    "refusal.lists_nothing": (
        "the file lists nothing: it needs Locations or Tariffs in a list",
        "फ़ाइल की सूची खाली है: उसमें Locations या Tariffs की सूची चाहिए",
    ),
    "refusal.no_rows": (
        "the file has no rows below its header, or no objects in its list",
        "शीर्षक के नीचे कोई पंक्ति नहीं है, या सूची में कुछ नहीं है",
    ),
    "refusal.no_good_row": (
        "No row can be used, so nothing was changed: mend the rows as told.",
        "कोई पंक्ति काम की नहीं, इसलिए कुछ नहीं बदला: पंक्तियाँ बताए अनुसार सुधारें।",
    ),
    "refusal.nameless": (
        "{rows} refused rows name no object that can be read. They may belong to the {missing} "
        "that the file does not list, so nothing was retired.",
        "अस्वीकृत {rows} पंक्तियों में पढ़ने योग्य नाम नहीं है। वे उन {missing} की हो सकती हैं जो फ़ाइल में नहीं हैं, "
        "इसलिए कुछ नहीं हटाया गया।",
    ),
    "refusal.empty": ("the file is empty", "फ़ाइल खाली है"),
    "refusal.not_whole_json": (
        "the JSON file cannot be read at line {line}: {what}",
        "JSON फ़ाइल पंक्ति {line} पर पढ़ी नहीं जा सकती: {what}",
    ),
    "refusal.much_broken_json": (
        "more than {most} values of the file are no JSON, the last at line {line}: {what}",
        "फ़ाइल के {most} से अधिक मान JSON नहीं हैं, अंतिम पंक्ति {line} पर: {what}",
    ),
    "refusal.csv_unreadable": (
        "the CSV file cannot be read at line {line}: {error}",
        "CSV फ़ाइल पंक्ति {line} पर पढ़ी नहीं जा सकती: {error}",
    ),
    "refusal.quotation_mark": (
        "a quotation mark in line {line} is not closed, or stands within a text without being "
        "doubled: correct the line",
        "पंक्ति {line} में उद्धरण चिह्न बंद नहीं है, या पाठ के भीतर दोहराया नहीं गया: पंक्ति सुधारें",
    ),
    "refusal.columns_missing": (
        "columns are missing: {missing}",
        "ये कॉलम नहीं हैं: {missing}",
    ),
    "refusal.columns_twice": (
        "columns stand there twice: {twice}. Keep one of each",
        "ये कॉलम दो बार हैं: {twice}। हर एक को एक बार रखें",
    ),
    "refusal.other_list": (
        "this is not {list}: columns are missing",
        "यह {list} नहीं है: कॉलम नहीं हैं",
    ),
    "refusal.afdc": (
        "this is no file of the AFDC: its header row is missing",
        "यह AFDC की फ़ाइल नहीं है: शीर्षक पंक्ति नहीं है",
    ),
    "refusal.irve_dynamic": (
        "this is no dynamic IRVE file: etat_pdc or occupation_pdc is missing",
        "यह गतिशील IRVE फ़ाइल नहीं है: etat_pdc या occupation_pdc नहीं है",
    ),
    "refusal.irve_static": (
        "this is no static IRVE file: its id columns are missing",
        "यह स्थिर IRVE फ़ाइल नहीं है: पहचान वाले कॉलम नहीं हैं",
    ),
    "refusal.own_table": (
        "this is not our own table: the columns location_id, evse_uid are missing",
        "यह हमारी तालिका नहीं है: कॉलम location_id, evse_uid नहीं हैं",
    ),
    "refusal.no_points": (
        "this is no list of points: send the whole answer, from [ to ]",
        "यह पॉइंटों की सूची नहीं है: पूरा उत्तर भेजें, [ से ] तक",
    ),
    "refusal.other_datum": (
        "the coordinates are not WGS 84: export again with EPSG:4326 (GeoJSON has no other)",
        "निर्देशांक WGS 84 में नहीं हैं: EPSG:4326 के साथ फिर निर्यात करें",
    ),
    "refusal.xml_depth": (
        "the XML file has more than {most} elements in one another",
        "XML फ़ाइल में एक-दूसरे के भीतर {most} से अधिक एलिमेंट हैं",
    ),
    "refusal.xml_nodes": (
        "one {name} has more than {most} elements",
        "एक {name} में {most} से अधिक एलिमेंट हैं",
    ),
    "refusal.xml_text": (
        "one {name} has more than {most} MiB of text",
        "एक {name} में {most} MiB से अधिक पाठ है",
    ),
    "refusal.xml_doctype": (
        "the XML file has a document type declaration or entities, which no such file needs: take "
        "them out",
        "XML फ़ाइल में DOCTYPE या entity हैं, जिनकी ज़रूरत नहीं: उन्हें हटाएँ",
    ),
    "refusal.xml_damaged": (
        "the XML file is damaged or cut off: {error}",
        "XML फ़ाइल खराब या अधूरी है: {error}",
    ),
    "refusal.xml_encoding": (
        "the XML file cannot be read: {error}; save as UTF-8",
        "XML फ़ाइल पढ़ी नहीं जा सकती: {error}; UTF-8 में सहेजें",
    ),
    "refusal.password": (
        "the file is protected by a password: save it without one",
        "फ़ाइल पर पासवर्ड है: बिना पासवर्ड सहेजें",
    ),
    "refusal.tar": (
        "the file is a tar archive: send its files one by one",
        "फ़ाइल tar आर्काइव है: उसकी फ़ाइलें एक-एक करके भेजें",
    ),
    "refusal.packed_twice": (
        "the file is packed twice: pack it once, as zip or gzip",
        "फ़ाइल दो बार पैक है: zip या gzip में एक बार पैक करें",
    ),
    "refusal.gzip": (
        "the gzip file is damaged or cut off: {error}",
        "gzip फ़ाइल खराब या अधूरी है: {error}",
    ),
    "refusal.archive_damaged": ("the archive is damaged: {error}", "आर्काइव खराब है: {error}"),
    "refusal.archive_several": (
        "the archive {what}: send one file, or an archive of one file",
        "आर्काइव में एक ही फ़ाइल चाहिए ({what}): एक फ़ाइल भेजें, या एक फ़ाइल का आर्काइव",
    ),
    "refusal.archive_odd": (
        "the archive {what}",
        "आर्काइव स्वीकार नहीं ({what}): फ़ाइल बिना पैक किए भेजें, या नए सिरे से पैक करें",
    ),
    "refusal.other_office": (
        "the file is {what}: save it as .xlsx or CSV",
        "फ़ाइल इस प्रकार की है: {what}। .xlsx या CSV में सहेजें",
    ),
    "refusal.pdf": (
        "the file is a PDF: send the table that it was made from",
        "फ़ाइल PDF है: वह तालिका भेजें जिससे यह बनी है",
    ),
    "refusal.picture": (
        "the file is a picture: send the table itself",
        "फ़ाइल चित्र है: तालिका ही भेजें",
    ),
    "refusal.old_workbook": (
        "the file is an old or protected Excel workbook: save it as .xlsx, without password",
        "फ़ाइल पुरानी या सुरक्षित Excel वर्कबुक है: उसे .xlsx में, बिना पासवर्ड सहेजें",
    ),
    "refusal.otherwise_packed": (
        "the file is {what}: pack it as zip or gzip",
        "फ़ाइल किसी और तरह पैक है ({what}): उसे zip या gzip में पैक करें",
    ),
    "refusal.workbook": (
        "the workbook cannot be read: {error}",
        "वर्कबुक पढ़ी नहीं जा सकती: {error}",
    ),
    "refusal.no_sheet": ("the workbook has no visible sheet", "वर्कबुक में कोई दिखने वाली शीट नहीं है"),
    "refusal.large_sheet": (
        "the sheet is {rows} rows by {columns} columns; {most_rows} by {most_columns} are allowed: "
        "delete empty cells, split it, or send it as CSV",
        "शीट में {rows} पंक्तियाँ और {columns} कॉलम हैं; {most_rows} और {most_columns} तक हो सकते हैं: खाली "
        "खाने मिटाएँ, शीट बाँटें, या CSV भेजें",
    ),
    "refusal.many_rows": (
        "the file has more than {most} rows: split it",
        "फ़ाइल में {most} से अधिक पंक्तियाँ हैं: उसे बाँटें",
    ),
    "refusal.many_columns": (
        "the file has {columns} columns; {most} are allowed",
        "फ़ाइल में {columns} कॉलम हैं; {most} तक हो सकते हैं",
    ),
    "refusal.large_cell": (
        "a cell of row {row} has more than {most} letters",
        "पंक्ति {row} के एक खाने में {most} से अधिक अक्षर हैं",
    ),
    "refusal.large_object": (
        "one object of the file takes more than {most} MiB: split it",
        "फ़ाइल की एक वस्तु {most} MiB से बड़ी है: उसे बाँटें",
    ),
    "refusal.large": (
        "the file has {size} MiB; {most} MiB are allowed: split it",
        "फ़ाइल {size} MiB की है; {most} MiB तक हो सकती है: उसे बाँटें",
    ),
    "refusal.nested": (
        "the file's parts are nested too deeply in one another",
        "फ़ाइल के हिस्से एक-दूसरे के भीतर बहुत गहरे हैं",
    ),
    "refusal.limits": (
        "the file cannot be used: {what}. Send it in parts; of a workbook, copy only the filled "
        "cells into a new one, and send that",
        "फ़ाइल इस्तेमाल नहीं हो सकती ({what})। उसे हिस्सों में भेजें; वर्कबुक के केवल भरे खाने नई वर्कबुक में "
        "कॉपी करके भेजें",
    ),
    "refusal.withdrawn": (
        "this source was withdrawn: it takes no files",
        "यह स्रोत वापस ले लिया गया: अब फ़ाइलें नहीं लेता",
    ),
    "refusal.other_party": (
        "this source brings data of parties that its sender does not act for",
        "यह स्रोत ऐसे पक्षों का डेटा लाता है जिनकी ओर से भेजने वाला काम नहीं करता",
    ),
    "refusal.old_version": (
        "this version cannot be restored: it came before versions were kept whole",
        "यह संस्करण लौटाया नहीं जा सकता: यह उस समय का है जब संस्करण पूरे नहीं रखे जाते थे",
    ),
    "refusal.own_fault": (
        "The platform itself failed; its log says why. Nothing of your file is lost.",
        "चूक प्लेटफ़ॉर्म की है; कारण उसके लॉग में है। आपकी फ़ाइल का कुछ नहीं खोया।",
    ),
    "handshake.versions": ("Ask which versions the peer offers", "पूछें कि कौन-से संस्करण उपलब्ध हैं"),
    "handshake.choose": ("Choose a version", "संस्करण चुनें"),
    "handshake.modules": (
        "Ask for the modules of {version}",
        "संस्करण {version} के मॉड्यूल पूछें",
    ),
    "handshake.needed": (
        "See that all needed modules are offered",
        "देखें कि सभी आवश्यक मॉड्यूल उपलब्ध हैं",
    ),
    "handshake.ours": ("{method} our credentials", "हमारे credentials भेजें ({method})"),
    "handshake.theirs": (
        "The peer sends {method} credentials",
        "दूसरा पक्ष credentials भेजता है ({method})",
    ),
    "handshake.parties": (
        "Compare the parties with those agreed on",
        "पक्षों को तय किए गए पक्षों से मिलाएँ",
    ),
}
