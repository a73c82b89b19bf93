"""The real PostgreSQL and RabbitMQ under test, and waiting with deadlines: usable outside pytest too."""
