-- Why a bounce that names the message says so, and when it last did: it may come before it is known that the message left.
ALTER TABLE messages
    ADD COLUMN came_back_at timestamptz,
    ADD COLUMN came_back_because text,
    ADD CHECK ((came_back_at IS NULL) = (came_back_because IS NULL));
