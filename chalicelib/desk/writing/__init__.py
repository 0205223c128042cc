"""What our mails say and how they look. Pure: `desk.compose` reads what they are made of."""
