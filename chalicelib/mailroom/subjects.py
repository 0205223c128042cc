"""How the subjects of automatic mail, confirmations, notes and forwards begin, in the languages agents write.

Only beginnings count: an answer begins with Re: or the ticket's tag, so a customer's own words never match.
"""

from __future__ import annotations

import re
from unicodedata import normalize


def folded(words: str) -> str:
    """The beginning of a text, for comparison: Vietnamese and Korean come composed or not."""
    return normalize("NFC", " ".join(words[:500].split())).casefold()


def phrases(lines: str) -> tuple[str, ...]:
    return tuple(folded(line) for line in lines.strip().splitlines())


# How automatic answers begin their subject where no header says so
ABSENCES = phrases("""
auto:
automatic reply
auto reply
auto-reply
autoreply
auto response
out of office
out of the office
abwesenheit
automatische antwort
abwesend
réponse automatique
absence du bureau
respuesta automática
fuera de la oficina
risposta automatica
resposta automática
automatisch antwoord
afwezig
autosvar
automatisk svar
automaattinen vastaus
automatyczna odpowiedź
automatická odpověď
автоответ
автоматический ответ
otomatik yanıt
自动回复
自動回覆
自動返信
自動応答
자동 회신
자동 응답
부재중
trả lời tự động
ตอบกลับอัตโนมัติ
balasan otomatis
رد تلقائي
الرد التلقائي
תשובה אוטומטית
מענה אוטומטי
""")

# How mails begin that ask the owner of an address to prove it
CONFIRMATIONS = phrases("""
confirm your
please confirm your
verify your
please verify your
activate your
verification code
your verification code
your confirmation code
bestätigen sie ihre
bitte bestätigen sie ihre
bestätige deine
confirmez votre
veuillez confirmer votre
confirma tu
confirme su
conferma il tuo
confirme seu
подтвердите
确认您的
请确认您的
验证您的
请验证您的
您的验证码
驗證您的
您的驗證碼
メールアドレスの確認
認証コード
이메일 인증
xác nhận địa chỉ
xác minh địa chỉ
mã xác minh
konfirmasi alamat
""")

NOTE_SUBJECT = re.compile(r"(?:re:\s*)*(?:\[[^\]]*\]\s*)?\[comment\]", re.IGNORECASE)  # RT
NOTE_OPENINGS = ("(private notes)", "this is a comment about ticket")  # Redmine, RT

FORWARD = re.compile(
    r"(?:fwd?|wg|weiterleitung|rv|tr|enc|doorst|vb|vs|pd|i|转发|轉寄|轉發|転送|전달|chuyển tiếp|ส่งต่อ|إعادة توجيه|העברה) ?[:：]"
)
