package dev.kintsugi.runtime.interleaving;

import java.sql.SQLException;

/** Where a transaction stops before each step that another could notice. */
@FunctionalInterface
interface Gate {

  /**
   * Waits until the step may be done.
   *
   * @throws SQLException if it is not to be done: the connection counts as lost
   */
  void pass(String what, Access access) throws SQLException;
}
