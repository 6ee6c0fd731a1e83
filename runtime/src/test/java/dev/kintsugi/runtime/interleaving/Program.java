package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.runtime.internal.jdbc.Database;

/** What one session does, on a connection of its own that stops at each step. */
@FunctionalInterface
interface Program {

  void run(Database database, Session session) throws Exception;
}
