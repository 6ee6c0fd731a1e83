package dev.kintsugi.runtime.internal.writer;

import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Tables that were moved to a place between an append's consult and its handler's statement. The
 * statement came to the view that has their name now, and not every statement can go through a view
 * (a COPY or a TRUNCATE can't): then nobody is at fault, and the append is run again, which finds
 * the place (DESIGN 7).
 */
final class MovedTables {

  private MovedTables() {}

  /** The handler's failure that an append ended with, if it was one. */
  static Optional<HandlerException> failureOf(Exception error) {
    if (error instanceof HandlerException failure) {
      return Optional.of(failure);
    }
    return error instanceof AppendRejectedException
            && error.getCause() instanceof HandlerException failure
        ? Optional.of(failure)
        : Optional.empty();
  }

  /** Whether the database refused a statement that may have meant tables which have moved. */
  static boolean mayBeAtFault(HandlerException failure) {
    return failure.place() == null && SqlStates.of(failure.why()).isPresent();
  }

  /** Whether they have; in a transaction that sees what is committed by now. */
  static boolean areAtFault(Connection connection, HandlerException failure) throws SQLException {
    return Generations.find(
            connection, failure.target().projection(), failure.target().generation())
        .filter(row -> row.place() != null)
        .isPresent();
  }
}
