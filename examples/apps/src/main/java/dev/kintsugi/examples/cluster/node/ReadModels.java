package dev.kintsugi.examples.cluster.node;

import dev.kintsugi.examples.common.Connections;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** Reads the read models, as JSON that the database makes, on threads that may block. */
final class ReadModels {

  private static final String ORDER =
      "SELECT state::text FROM order_summary WHERE key = 'Order|' || ?";

  private static final String CUSTOMER =
      "SELECT row_to_json(c)::text FROM customer_totals c WHERE customer = ?";

  private final Connections database;
  private final Executor mayBlock;

  /** Reads on the executor's threads; the caller closes the database. */
  ReadModels(Connections database, Executor mayBlock) {
    this.database = database;
    this.mayBlock = mayBlock;
  }

  /** An order, if there is one of this id. */
  CompletionStage<Optional<String>> order(String id) {
    return find(ORDER, id);
  }

  /** A customer's totals, if the customer has ever ordered. */
  CompletionStage<Optional<String>> customer(String customer) {
    return find(CUSTOMER, customer);
  }

  private CompletionStage<Optional<String>> find(String query, String key) {
    return CompletableFuture.supplyAsync(() -> read(query, key), mayBlock);
  }

  private Optional<String> read(String query, String key) {
    try {
      return database.inTransaction(
          connection -> {
            try (PreparedStatement select = connection.prepareStatement(query)) {
              select.setString(1, key);
              try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
              }
            }
          });
    } catch (Exception e) {
      throw new CompletionException(e);
    }
  }
}
