"""Texts to and from the owner's and the lead's phone, without reaching outside.

people    whose phone it is, and where what concerns it is kept
codes     "A7": the name a conversation has in texts
segments  how much of it fits into two texts, in the units networks count and charge by
wording   what a text says
reading   what somebody texted us
quiet     when nobody wants to be woken
twilio    the provider's signature and its request; AWS's is `chalicelib.aws.texts`
"""
