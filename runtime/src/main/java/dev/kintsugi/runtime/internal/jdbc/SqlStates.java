package dev.kintsugi.runtime.internal.jdbc;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import java.util.Set;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * What an error of the database means, by its SQLSTATE and never by its text.
 *
 * <p>Each question looks through the causes, as handlers and libraries wrap what they catch.
 */
public final class SqlStates {

  public static final String UNIQUE_VIOLATION = "23505";
  public static final String IN_FAILED_TRANSACTION = "25P02";

  /** What is to be dropped is used by something else. */
  public static final String DEPENDENT_OBJECTS = "2BP01";

  /** A lock was not to be had within the session's lock_timeout. */
  public static final String LOCK_NOT_AVAILABLE = "55P03";

  /** The database's user may not do that. */
  public static final String INSUFFICIENT_PRIVILEGE = "42501";

  public static final String CHECK_VIOLATION = "23514";

  private static final Set<String> TRANSACTION_LOST_A_RACE = Set.of("40001", "40P01");
  private static final String STATEMENT_CANCELED = "57014";
  private static final String OBJECT_IN_USE = "55006";
  private static final String READ_ONLY = "25006";

  /** What others do keeps a statement from being done now. */
  private static final Set<String> NOT_NOW =
      Set.of(LOCK_NOT_AVAILABLE, STATEMENT_CANCELED, OBJECT_IN_USE);

  /**
   * The session can't be used: the server ended it, as its transaction stood still, or lasted, for
   * too long; or it is read only, on a standby or by a setting.
   */
  private static final Set<String> SESSION_OF_NO_USE = Set.of("25P03", "25P04", READ_ONLY);

  private SqlStates() {}

  /** The SQLSTATE of the first SQLException among an error and its causes. */
  public static Optional<String> of(Throwable error) {
    int depth = 0;
    for (Throwable t = error; t != null && depth < 50; t = t.getCause(), depth++) {
      if (t instanceof SQLException sql && sql.getSQLState() != null) {
        return Optional.of(sql.getSQLState());
      }
    }
    return Optional.empty();
  }

  /** Deadlock or serialization failure: the same transaction run again may well succeed. */
  public static boolean isTransactionRetriable(Throwable error) {
    return of(error).filter(TRANSACTION_LOST_A_RACE::contains).isPresent();
  }

  /**
   * Not now: a lock was not to be had in time (also by NOWAIT), an object is in use, or the
   * statement was cancelled: by a time-out, by an administrator. The same transaction may well
   * succeed later, so nobody is to blame for it.
   */
  public static boolean isNotNow(Throwable error) {
    return of(error).filter(NOT_NOW::contains).isPresent();
  }

  /** A statement would change something in a transaction that is read only. */
  public static boolean isReadOnly(Throwable error) {
    return of(error).filter(READ_ONLY::equals).isPresent();
  }

  /**
   * The database is at fault, not the statement: no connection to be had or connection lost, out of
   * resources, shutting down, read only, a system or internal error. No handler and no event is to
   * blame for these.
   */
  public static boolean isDatabaseAtFault(Throwable error) {
    return isWithoutConnection(error) || hasStateOfDatabaseAtFault(error);
  }

  /**
   * No connection was to be had, so nothing was sent. (A pool that waited for one in vain knows of
   * no SQLSTATE.)
   */
  public static boolean isWithoutConnection(Throwable error) {
    int depth = 0;
    for (Throwable t = error; t != null && depth < 50; t = t.getCause(), depth++) {
      if (t instanceof SQLTransientConnectionException) {
        return true;
      }
    }
    return false;
  }

  private static boolean hasStateOfDatabaseAtFault(Throwable error) {
    return of(error)
        .filter(
            state ->
                state.startsWith("08")
                    || state.startsWith("53")
                    || (state.startsWith("57") && !state.equals(STATEMENT_CANCELED))
                    || state.startsWith("58")
                    || SESSION_OF_NO_USE.contains(state)
                    || state.startsWith("XX"))
        .isPresent();
  }

  /** Whether an error says that a row of this key is there already. */
  public static boolean isUniqueViolation(Throwable error) {
    return of(error).filter(UNIQUE_VIOLATION::equals).isPresent();
  }

  /**
   * Whether an error says that a partitioned table has no partition for a row. (It shares its
   * SQLSTATE with the violation of a CHECK, which is of the partition that the row was to be in.)
   *
   * @param table the partitioned table, without its schema
   */
  public static boolean isWithoutPartition(Throwable error, String table) {
    int depth = 0;
    for (Throwable t = error; t != null && depth < 50; t = t.getCause(), depth++) {
      if (t instanceof PSQLException said && CHECK_VIOLATION.equals(said.getSQLState())) {
        ServerErrorMessage details = said.getServerErrorMessage();
        return details != null && table.equals(details.getTable());
      }
    }
    return false;
  }
}
