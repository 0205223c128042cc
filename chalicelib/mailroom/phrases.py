"""What mail programs write around a quoted mail, language by language: data only.

Everything is compared case-folded. A language is added by adding its words here; nothing else knows languages.
"""


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


def _phrases(*lines: str) -> tuple[str, ...]:
    return tuple(phrase for line in lines for phrase in line.split("|"))


# the verb of "On 5 June 2023, Jane wrote:"; in the scripts without spaces it is looked for inside the line
VERBS = _words(
    "wrote writes sent",  # en
    "schrieb schreibt geschrieben",  # de
    "écrit ecrit",  # fr
    "escribió escribio escribía escriure escrigué escribiu",  # es ca gl
    "scritto scrive",  # it
    "escreveu",  # pt
    "schreef geschreven",  # nl
    "skrev skreiv",  # da no sv
    "napisał napisała napisal pisze napisana napsal napsala napísal napísala",  # pl cs sk
    "написал написала пишет писал написав пише",  # ru uk
    "kirjoitti kirjoittaa",  # fi
    "yazdı yazmış",  # tr
    "viết",  # vi
    "írta scris έγραψε menulis เขียนว่า",  # hu ro el id th
    "كتب كتبت כתב כתבה",  # ar he
)
UNSPACED_VERBS = _phrases(
    "写道|寫道|写到|のメール|書きました|は書いた|님이|작성|썼습니다|쓴",
)

# the first word of an attribution line, where it is not a date or a name
OPENING_WORDS = _words(
    "a am at dana den dne dnia el em il in klo la le lúc on op pada på um v ve vào w în в во 于 在 於",
)

# "Quoting Jane <jane@example.com>:", as Horde and others have it
QUOTING_WORDS = _phrases(
    "quoting |zitat von|citando|quotation from|citation de|引用",
)

# the labels of a header block ("From: … Sent: … To: … Subject: …")
_LABELS = {
    "from": _phrases(
        "from|von|de|da|van|från|fra|od|lähettäjä|kimden|gönderen|差出人|送信者|发件人|寄件者|寄件人|發件人|từ",
        "người gửi|от|отправитель|від",
        "expéditeur|remitente|mittente|remetente|afzender|absender|avsändare|보낸 사람|보낸사람|feladó|expeditor",
        "odesílatel",
        "pengirim|dari|από|de la",
    ),
    "sent": _phrases(
        "sent|date|gesendet|datum|gesendet am|envoyé|envoyé le|enviado|enviada|enviado el|enviada em|fecha|data",
        "inviato",
        "inviata|verzonden|sendt|dato|skickat|wysłano|wysłane|data wysłania|lähetetty|päivämäärä|gönderildi",
        "gönderme tarihi|tarih|送信日時|日時|日付|发送时间|发送日期|日期|时间|寄件日期|傳送日期|發送時間|đã gửi",
        "ngày|ngày gửi|дата|отправлено|надіслано",
        "보낸 날짜|날짜|odesláno|küldve|elküldve|trimis",
    ),
    "to": _phrases(
        "to|an|à|a|para|per|aan|till|til|do|vastaanottaja|kime|alıcı|宛先|收件人|收件者|đến|tới|người nhận|кому",
        "destinataire",
        "destinatario|destinatário|naar|empfänger|mottagare|modtager|받는 사람|받는사람|komu|címzett|către|kepada",
    ),
    "cc": _phrases(
        "cc|kopie|copie|copia|cópia|kopia|kopi|dw|抄送|副本|копия|копія|참조|bcc",
    ),
    "subject": _phrases(
        "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|temat|aihe|konu|件名|主题|主旨|主題",
        "标题|chủ đề|tiêu đề",
        "тема|제목|předmět|tárgy|subiect|subjek|titel|sujet",
    ),
    "other": _phrases(
        "reply-to|importance|priority|attachments|risposta|priorität|wichtigkeit|anlagen|organisation|organization",
    ),
}
LABELS = {word: kind for kind, words in _LABELS.items() for word in words}

# the words between the dashes of "-----Original Message-----"
MESSAGE_WORDS = _words(
    "bericht besked e-mail email gốc ileti mail meddelande meddelelse melding mensagem mensaje mesaj mesajul message",
    "messages messaggio nachricht pesan správa thư viesti wiadomosc wiadomość zpráva üzenet лист письмо повідомлення",
    "сообщение",
)
ORIGINAL_WORDS = _words(
    "alkuperäinen antwort antwort: asli d'origine eredeti gốc initial oorspronkelijk oorspronkelijke opprinnelig",
    "oprindelig original original-nachricht originale originalmeddelande originalmeddelelse originalnachricht",
    "originele orijinal oryginalna původní replied reply urspr. ursprungligt ursprungsmeddelande ursprüngliche özgün",
    "исходное оригінальне первоначальное",
)
UNSPACED_MESSAGES = _phrases(
    "原始邮件|原始郵件|原邮件|元のメッセージ|元のメール|원본 메시지|원본 메일|邮件原件|元のメール",
)
FORWARD_WORDS = _phrases(
    "forwarded message|forwarded by|begin forwarded|forwarded mail|weitergeleitete nachricht",
    "anfang der weitergeleiteten|message transféré|message transfere|début du message|mensaje reenviado",
    "messaggio inoltrato|inizio messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht|videresendt",
    "vidarebefordrat|videresendt melding|przekazana wiadomość|wiadomość przekazana|пересылаемое|пересланное",
    "переслане",
    "välitetty viesti|iletilmiş|iletilen|přeposlaná|转发的邮件|转发邮件|轉寄的郵件|轉寄郵件|転送されたメッセージ",
    "転送メッセージ|전달된 메일|전달된 메시지",
    "chuyển tiếp",
)

# how a phone or a mail program signs: the line's beginning…its end; a bare beginning needs a word of DEVICES behind it
PHONE_PHRASES = tuple(
    (begin, end)
    for begin, _, end in (
        phrase.partition("…")
        for phrase in _phrases(
            "get outlook for|get [outlook for|get bluemail for|outlook für…herunterladen|outlook für…beziehen",
            "holen sie sich outlook|laden sie outlook|obtenir outlook|télécharger outlook|obtener outlook",
            "ottieni outlook|scarica outlook|obter o outlook|outlook voor|download outlook|hämta outlook",
            "hent outlook",
            "获取 outlook|取得 outlook|pobierz outlook|tải outlook|outlook for…を入手|ios용 outlook|sent from my",
            "sent from a ",
            "sent by my|sent via my|sent using my|von meinem…gesendet|von unterwegs…gesendet|gesendet von mein",
            "vom handy…gesendet|diese nachricht wurde von mein…gesendet|diese nachricht wurde mit…gesendet",
            "envoyé de mon|envoyé depuis mon|envoyé à partir de mon|envoye de mon|enviado desde mi|enviado do meu",
            "enviado de mi|enviada do meu|inviato da mio|inviato dal mio|inviato da i|hentet fra outlook",
            "odesláno z i",
            "نُشر من|أُرسلت من|נשלח מה|verzonden vanaf mijn|verstuurd vanaf mijn|verstuurd met mijn",
            "verzonden met mijn|skickat från min|sendt fra min|sendt fra mit|wysłane z mojego|wysłano z mojego",
            "отправлено с моего|отправлено с i|надіслано з мого|надіслано з i|odesláno z mého|lähetetty i",
            "lähetetty puhelimesta|gửi từ…của tôi|gửi từ i|được gửi từ i|从我的…发送|从我的…发出|发自我的",
            "發自我的|從我的…傳送|從我的…發送|來自我的",
            "来自我的|傳送自|나의…에서 보냄|내…에서 보냄|iphone…から送信|ipad…から送信|iphone…에서 보냄",
            "iphone…gönderildi|ipad…gönderildi|私の…から送信",
            "スマートフォン…から送信|android…から送信",
        )
    )
)
DEVICE_PHRASES = _phrases(
    "sent from|sent via|sent with|sent by|sent using|envoyé depuis|envoyé avec|envoyé via|envoyé à partir de",
    "enviado via|verzonden vanuit|gesendet mit|gesendet von|gesendet aus|gesendet über|versendet mit|enviado desde",
    "enviado con|enviado com|enviado pelo|enviado do|inviato da|inviato con|verzonden met|verzonden via",
    "verstuurd met",
    "skickat från|sendt fra|wysłane z|wysłano z|отправлено из|отправлено с|надіслано з|lähetetty|odesláno z",
    "gửi từ|从",
    "從|发自|發自",
)
DEVICES = _phrases(
    "iphone|ipad|ipod|android|blackberry|galaxy|samsung|htc|nokia|huawei|xiaomi|honor|oneplus|pixel|windows|outlook",
    "yahoo|gmail|mailbox|airmail|sparrow|typeapp|mobile|phone|smartphone|handy|tablet|proton|aqua mail|bluemail|k-9",
    "fairmail|thunderbird|gmx|web.de|tutanota|superhuman|mailspring|newton|spark|edison|zimbra|macbook|apple mail",
    "téléphone|móvil|celular|cellulare|telefon|телефон|手机|手機|スマホ|điện thoại|phablet|zoho mail|mailmate",
    "canary|boxer",
    "nine|mymail|mail.ru|mail pour|mail orange|mail for|mail voor|mail für|mail para|mail per|qq邮箱|网易邮箱",
    "polymail",
)
EXCUSES = _phrases(
    "excuse|pardon|typo|brevity|sorry|forgive|entschuld|kürze|tippfehler|désolé|mobile",
)
