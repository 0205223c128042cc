"""Bridgehead: social platforms on one side, the business's email helpdesk on the other.

Reading order, the way a message travels: `model` (the words), `channels` (platforms), `intake` (webhook),
`aws` (the rim: table, queue, mail, schedules, parameters), `desk` (ticket mail, answer, reminder),
`mailroom` (the agent's mail), `sla` (when an answer is due), `phone` (texts to the owner and back).
"""
