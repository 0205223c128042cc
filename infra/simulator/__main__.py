from infra.simulator.server import main

main()
