package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.SQLException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why a rebuild's next step fails, or what it waits for, for as long as it does: in the rebuild's
 * row, where any node's status finds it. Each change is a transaction of its own, on the calling
 * thread.
 */
final class Blockage {

  private static final Logger log = LoggerFactory.getLogger(Blockage.class);

  private static final int LONGEST = 2000;

  /** Process ids, times and the like tell nothing new. */
  private static final Pattern NUMBERS = Pattern.compile("\\d+");

  private final Database database;
  private final String projection;
  private final int generation;

  /** What this owner's last step failed for, or waits for. */
  private @Nullable String last;

  Blockage(Database database, String projection, int generation) {
    this.database = database;
    this.projection = projection;
    this.generation = generation;
  }

  /**
   * Notes why a step failed, unless the row says so already.
   *
   * @param wasBlocked whether the row said before the step that it is blocked
   */
  RebuildStep.Blocked note(Exception error, boolean wasBlocked) {
    String why = why(error);
    String kind = NUMBERS.matcher(why).replaceAll("#");
    boolean isNew = !kind.equals(last);
    last = kind;
    if (isNew || !wasBlocked) {
      store(why);
    }
    return new RebuildStep.Blocked(why, error, isNew);
  }

  private void store(String why) {
    try {
      database.inTransaction(
          connection -> {
            Rebuilds.blocked(connection, projection, generation, why);
            return why;
          });
    } catch (Exception e) {
      // The database is at fault, most likely for the step's own reason: the next failure stores
      // it.
      log.debug("What blocks the rebuild of projection '{}' can't be stored", projection, e);
    }
  }

  /**
   * Notes what the next step waits for, unless the row says so already.
   *
   * @param wasBlocked whether the row said before the step that it is blocked
   */
  void waits(String what, boolean wasBlocked) {
    String why = "it waits for " + what;
    if (!why.equals(last) || !wasBlocked) {
      store(StorableText.shortened(StorableText.repaired(why), LONGEST));
    }
    last = why;
  }

  /**
   * A step has succeeded.
   *
   * @param wasBlocked whether the row said why the one before did not, by whichever owner
   */
  void isGone(boolean wasBlocked) throws Exception {
    last = null;
    if (wasBlocked) {
      database.inTransaction(
          connection -> {
            Rebuilds.notBlocked(connection, projection, generation);
            return projection;
          });
    }
  }

  /**
   * In one line, with what the database says and its SQLSTATE, and what to do where it is known.
   */
  private static String why(Exception error) {
    Throwable root = rootOf(error);
    String said =
        error instanceof SchemaException || !(root instanceof SQLException)
            ? messageOf(error)
            : messageOf(root);
    String state = SqlStates.of(error).orElse("");
    String remedy =
        switch (state) {
          case SqlStates.LOCK_NOT_AVAILABLE ->
              ". Another session holds a lock on a table of the read model, which the rebuild needs"
                  + " alone for a moment";
          case SqlStates.INSUFFICIENT_PRIVILEGE ->
              ". Grant the privilege to the user that Kintsugi connects as";
          default -> "";
        };
    String line = said + (state.isEmpty() ? "" : " (SQLSTATE " + state + ")") + remedy;
    return StorableText.shortened(StorableText.repaired(line.replaceAll("\\s+", " ")), LONGEST);
  }

  private static Throwable rootOf(Throwable error) {
    Throwable root = error;
    for (int depth = 0; root.getCause() != null && depth < 50; depth++) {
      root = root.getCause();
    }
    return root;
  }

  private static String messageOf(Throwable error) {
    String message = error.getMessage();
    return error instanceof SQLException || error instanceof SchemaException
        ? String.valueOf(message)
        : error.toString();
  }
}
