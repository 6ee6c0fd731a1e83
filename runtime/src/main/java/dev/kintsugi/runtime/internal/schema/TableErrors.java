package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.SQLException;
import java.util.Set;

/**
 * What an error of the database means for a row of a table that Kintsugi shares with Pekko
 * Persistence JDBC. Such a table is not looked for at start, as not every application uses it.
 */
public final class TableErrors {

  private static final Set<String> NO_SUCH_TABLE_OR_COLUMN = Set.of("42P01", "42703");
  private static final Set<String> UNFIT_TEXT = Set.of("22001", "22021");

  private TableErrors() {}

  /**
   * The error to hand on.
   *
   * @param what the row at hand, or the rows
   * @param table the table's name, quoted
   * @param section the configuration's section that names it
   * @return a {@link SchemaException} if the table is not there or of another layout; an {@link
   *     IllegalArgumentException} if a text is too long for its column, or contains a NUL; else the
   *     error itself
   */
  public static Exception explain(SQLException error, String what, String table, String section) {
    String state = SqlStates.of(error).orElse("");
    if (NO_SUCH_TABLE_OR_COLUMN.contains(state)) {
      return new SchemaException(
          "The table %s is not there, or not as config/ddl/postgresql/journal.sql lays it out: %s. Run that script, or correct the names in the section %s."
              .formatted(table, firstLine(error), section),
          error);
    } else if (UNFIT_TEXT.contains(state)) {
      return new IllegalArgumentException(
          "The database refuses %s, as a text of it is too long for its column or contains a NUL: %s"
              .formatted(what.replace("\0", "\\0"), firstLine(error)),
          error);
    }
    return error;
  }

  private static String firstLine(SQLException error) {
    return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
  }
}
