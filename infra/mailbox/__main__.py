from infra.mailbox.server import main

main()
