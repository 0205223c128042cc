"""The whole product on this machine: `bridgehead up` and `bridgehead demo`, and mail coming in as from SES."""
