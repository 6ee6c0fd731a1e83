package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Locale;

/** How somebody reads the status that he then acts on. He has his id by then. */
enum StatusRead {
  /** So that a fence waits for him. */
  IN_ITS_TRANSACTION,

  /** And goes back to it: the lock is gone, and what he has read he knows. */
  BEHIND_A_SAVEPOINT,

  /** From a copy that tells the same at any time; only that it is another table. */
  FROM_A_COPY;

  private static final String OF_THE_TABLE = "SELECT status FROM kintsugi_projection";
  private static final String OF_THE_COPY =
      "SELECT status FROM status_copy /* as in kintsugi_projection */";

  /** Keeps the copy. */
  static void copyStatuses(World world) throws Exception {
    world.execute("CREATE TABLE status_copy AS TABLE kintsugi_projection");
    world.execute(
        """
        CREATE FUNCTION copy_statuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          DELETE FROM status_copy;
          INSERT INTO status_copy SELECT * FROM kintsugi_projection;
          RETURN NULL;
        END $$
        """);
    world.execute(
        """
        CREATE TRIGGER copy_statuses AFTER INSERT OR UPDATE OR DELETE ON kintsugi_projection
          EXECUTE FUNCTION copy_statuses()
        """);
  }

  /** Whether the projection is active. */
  boolean isActive(Connection connection) throws SQLException {
    return switch (this) {
      case IN_ITS_TRANSACTION -> isActive(connection, OF_THE_TABLE);
      case FROM_A_COPY -> isActive(connection, OF_THE_COPY);
      case BEHIND_A_SAVEPOINT -> {
        Savepoint before = connection.setSavepoint();
        boolean active = isActive(connection, OF_THE_TABLE);
        connection.rollback(before);
        yield active;
      }
    };
  }

  private static boolean isActive(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      return row.next() && row.getString(1).equals("active");
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
