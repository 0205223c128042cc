"""What mail programs write around a quoted mail, language by language: data only, read by `openers` and `signatures`.

Everything is compared case-folded. A language is added by adding its words here; nothing else knows languages.
"""

# the verb of "On 5 June 2023, Jane wrote:"; in the scripts without spaces it is looked for inside the line
VERBS = frozenset(
    {
        *("wrote", "writes", "sent"),  # en
        *("schrieb", "schreibt", "geschrieben"),  # de
        *("écrit", "ecrit"),  # fr
        *("escribió", "escribio", "escribía"),  # es
        *("scritto", "scrive"),  # it
        *("escreveu", "escribiu"),  # pt, gl
        *("schreef", "geschreven"),  # nl
        *("skrev", "skreiv"),  # da no sv
        *(
            "napisał",
            "napisała",
            "napisal",
            "napsal",
            "napsala",
            "napísal",
            "napísala",
            "pisze",
            "napisana",
        ),  # pl cs sk
        *("написал", "написала", "пишет", "писал", "написав", "написала", "пише"),  # ru uk
        *("kirjoitti", "kirjoittaa"),  # fi
        *("yazdı", "yazmış"),  # tr
        *("viết",),  # vi
        *("írta", "scris", "έγραψε", "escrigué", "menulis", "كتب", "كتبت", "כתב", "כתבה", "แต่ง", "เขียนว่า"),
    }
)
UNSPACED_VERBS = (
    "写道",
    "寫道",
    "写到",
    "のメール",
    "書きました",
    "は書いた",
    "作成:",
    "님이",
    "작성",
    "작성:",
    "썼습니다",
    "쓴",
)

# the first word of an attribution line, where it is not a date or a name
OPENING_WORDS = frozenset(
    [
        "on",
        "am",
        "um",
        "at",
        "le",
        "el",
        "em",
        "il",
        "in",
        "op",
        "den",
        "på",
        "w",
        "dnia",
        "dne",
        "v",
        "во",
        "в",
        "klo",
        "vào",
        "lúc",
        "在",
        "于",
        "於",
        "la",
        "pada",
        "ve",
        "dana",
        "la",
        "în",
        "a",
    ]
)

# "Quoting Jane <jane@example.com>:", as Horde and others have it
QUOTING_WORDS = ("quoting ", "zitat von", "citando", "quotation from", "citation de", "引用")

# the labels of a header block ("From: … Sent: … To: … Subject: …")
_LABELS: dict[str, str] = {
    "from": "from von de da van från fra od lähettäjä kimden gönderen 差出人 送信者 发件人 寄件者 寄件人 發件人 từ "
    "người|gửi от отправитель від expéditeur remitente mittente remetente afzender absender avsändare 보낸|사람 보낸사람 "
    "feladó expeditor odesílatel pengirim dari από de|la",
    "sent": "sent date gesendet datum gesendet|am envoyé envoyé|le enviado enviada enviado|el enviada|em fecha data inviato "
    "inviata verzonden sendt dato skickat wysłano wysłane data|wysłania lähetetty päivämäärä gönderildi gönderme|tarihi "
    "tarih 送信日時 日時 日付 发送时间 发送日期 日期 时间 寄件日期 傳送日期 發送時間 日期 đã|gửi ngày ngày|gửi дата отправлено надіслано "
    "보낸|날짜 날짜 odesláno küldve elküldve|trimis",
    "to": "to an à a para per aan till til do vastaanottaja kime alıcı 宛先 收件人 收件者 đến tới người|nhận кому "
    "destinataire destinatario destinatário naar empfänger mottagare modtager 받는|사람 받는사람 komu címzett către kepada",
    "cc": "cc kopie copie copia cópia kopia kopi dw 抄送 副本 копия копія 참조 bcc",
    "subject": "subject betreff objet asunto oggetto assunto onderwerp ämne emne temat aihe konu 件名 主题 主旨 主題 标题 "
    "chủ|đề tiêu|đề тема 제목 předmět tárgy subiect subjek titel sujet",
    "other": "reply-to importance priority attachments risposta priorität wichtigkeit anlagen organisation organization",
}
LABELS = {word.replace("|", " "): kind for kind, words in _LABELS.items() for word in words.split()}

# the word between the dashes of "-----Original Message-----"
MESSAGE_WORDS = frozenset(
    "message messages nachricht mail e-mail email mensaje messaggio mensagem bericht besked meddelelse meddelande melding "
    "wiadomość wiadomosc сообщение письмо повідомлення лист viesti ileti mesaj zpráva správa üzenet mesajul pesan "
    "thư|gốc".replace("|", " ").split()
)
ORIGINAL_WORDS = frozenset(
    [
        "original",
        "originalnachricht",
        "ursprüngliche",
        "urspr.",
        "originale",
        "originele",
        "oorspronkelijk",
        "oorspronkelijke",
        "oprindelig",
        "ursprungligt",
        "opprinnelig",
        "oryginalna",
        "исходное",
        "первоначальное",
        "оригінальне",
        "alkuperäinen",
        "orijinal",
        "özgün",
        "původní",
        "d'origine",
        "initial",
        "original-nachricht",
        "reply",
        "antwort",
        "antwort:",
        "replied",
        "originalmeddelelse",
        "ursprungsmeddelande",
        "originalmeddelande",
        "gốc",
        "eredeti",
        "asli",
    ]
)
UNSPACED_MESSAGES = (
    "原始邮件",
    "原始郵件",
    "原邮件",
    "元のメッセージ",
    "元のメール",
    "원본 메시지",
    "원본 메일",
    "邮件原件",
    "元のメール",
)
FORWARD_WORDS = (
    *("forwarded message", "forwarded by", "begin forwarded", "forwarded mail", "weitergeleitete nachricht"),
    *("anfang der weitergeleiteten", "message transféré", "message transfere", "début du message", "mensaje reenviado"),
    *("messaggio inoltrato", "inizio messaggio inoltrato", "mensagem encaminhada", "doorgestuurd bericht"),
    *("videresendt", "vidarebefordrat", "videresendt melding", "przekazana wiadomość", "wiadomość przekazana"),
    *("пересылаемое", "пересланное", "переслане", "välitetty viesti", "iletilmiş", "iletilen", "přeposlaná"),
    *(
        "转发的邮件",
        "转发邮件",
        "轉寄的郵件",
        "轉寄郵件",
        "転送されたメッセージ",
        "転送メッセージ",
        "전달된 메일",
        "전달된 메시지",
    ),
    *("chuyển tiếp",),
)

# how a phone or a mail program signs: (beginning, end) of the line; a bare beginning needs a word of DEVICES, too
PHONE_PHRASES: tuple[tuple[str, str], ...] = (
    *(
        ("get outlook for", ""),
        ("get [outlook for", ""),
        ("get bluemail for", ""),
        ("outlook für", "herunterladen"),
        ("outlook für", "beziehen"),
    ),
    *(("holen sie sich outlook", ""), ("laden sie outlook", ""), ("obtenir outlook", ""), ("télécharger outlook", "")),
    *(("obtener outlook", ""), ("ottieni outlook", ""), ("scarica outlook", ""), ("obter o outlook", "")),
    *(
        ("outlook voor", ""),
        ("download outlook", ""),
        ("hämta outlook", ""),
        ("hent outlook", ""),
        ("获取 outlook", ""),
    ),
    *(
        ("取得 outlook", ""),
        ("pobierz outlook", ""),
        ("tải outlook", ""),
        ("outlook for", "を入手"),
        ("ios용 outlook", ""),
    ),
    *(("sent from my", ""), ("sent from a ", ""), ("sent by my", ""), ("sent via my", ""), ("sent using my", "")),
    *(("von meinem", "gesendet"), ("von unterwegs", "gesendet"), ("gesendet von mein", ""), ("vom handy", "gesendet")),
    *(("diese nachricht wurde von mein", "gesendet"), ("diese nachricht wurde mit", "gesendet")),
    *(("envoyé de mon", ""), ("envoyé depuis mon", ""), ("envoyé à partir de mon", ""), ("envoye de mon", "")),
    *(("enviado desde mi", ""), ("enviado do meu", ""), ("enviado de mi", ""), ("enviada do meu", "")),
    *(
        ("inviato da mio", ""),
        ("inviato dal mio", ""),
        ("inviato da i", ""),
        ("hentet fra outlook", ""),
        ("odesláno z i", ""),
        ("نُشر من", ""),
        ("أُرسلت من", ""),
        ("נשלח מה", ""),
        ("verzonden vanaf mijn", ""),
    ),
    *(("verstuurd vanaf mijn", ""), ("verstuurd met mijn", ""), ("verzonden met mijn", ""), ("skickat från min", "")),
    *(("sendt fra min", ""), ("sendt fra mit", ""), ("wysłane z mojego", ""), ("wysłano z mojego", "")),
    *(("отправлено с моего", ""), ("отправлено с i", ""), ("надіслано з мого", ""), ("надіслано з i", "")),
    *(("odesláno z mého", ""), ("lähetetty i", ""), ("lähetetty puhelimesta", ""), ("gửi từ", "của tôi")),
    *(
        ("gửi từ i", ""),
        ("được gửi từ i", ""),
        ("从我的", "发送"),
        ("从我的", "发出"),
        ("发自我的", ""),
        ("發自我的", ""),
    ),
    *(
        ("從我的", "傳送"),
        ("從我的", "發送"),
        ("來自我的", ""),
        ("来自我的", ""),
        ("傳送自", ""),
        ("나의", "에서 보냄"),
    ),
    *(
        ("내", "에서 보냄"),
        ("iphone", "から送信"),
        ("ipad", "から送信"),
        ("iphone", "에서 보냄"),
        ("iphone", "gönderildi"),
    ),
    *(("ipad", "gönderildi"), ("私の", "から送信"), ("スマートフォン", "から送信"), ("android", "から送信")),
)
DEVICE_PHRASES = (
    *(
        "sent from",
        "sent via",
        "sent with",
        "sent by",
        "sent using",
        "envoyé depuis",
        "envoyé avec",
        "envoyé via",
        "envoyé à partir de",
        "enviado via",
        "verzonden vanuit",
    ),
    *("gesendet mit", "gesendet von", "gesendet aus", "gesendet über", "versendet mit", "enviado desde", "enviado con"),
    *(
        "enviado com",
        "enviado pelo",
        "enviado do",
        "inviato da",
        "inviato con",
        "verzonden met",
        "verzonden via",
        "verstuurd met",
    ),
    *("skickat från", "sendt fra", "wysłane z", "wysłano z", "отправлено из", "отправлено с", "надіслано з"),
    *("lähetetty", "odesláno z", "gửi từ", "从", "從", "发自", "發自"),
)
DEVICES = (
    *(
        "iphone",
        "ipad",
        "ipod",
        "android",
        "blackberry",
        "galaxy",
        "samsung",
        "htc",
        "nokia",
        "huawei",
        "xiaomi",
        "honor",
    ),
    *("oneplus", "pixel", "windows", "outlook", "yahoo", "gmail", "mailbox", "airmail", "sparrow", "typeapp", "mobile"),
    *(
        "phone",
        "smartphone",
        "handy",
        "tablet",
        "proton",
        "aqua mail",
        "bluemail",
        "k-9",
        "fairmail",
        "thunderbird",
        "gmx",
    ),
    *("web.de", "tutanota", "superhuman", "mailspring", "newton", "spark", "edison", "zimbra", "macbook", "apple mail"),
    *(
        "téléphone",
        "móvil",
        "celular",
        "cellulare",
        "telefon",
        "телефон",
        "手机",
        "手機",
        "スマホ",
        "điện thoại",
        "phablet",
    ),
    *(
        "zoho mail",
        "mailmate",
        "canary",
        "boxer",
        "nine",
        "myMail".casefold(),
        "mail.ru",
        "mail pour",
        "mail orange",
        "mail for",
        "mail voor",
        "mail für",
        "mail para",
        "mail per",
        "qq邮箱",
        "网易邮箱",
        "polymail",
    ),
)
EXCUSES = (
    "excuse",
    "pardon",
    "typo",
    "brevity",
    "sorry",
    "forgive",
    "entschuld",
    "kürze",
    "tippfehler",
    "désolé",
    "mobile",
)
