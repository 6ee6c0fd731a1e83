CREATE TABLE files (path TEXT PRIMARY KEY); -- Größe
