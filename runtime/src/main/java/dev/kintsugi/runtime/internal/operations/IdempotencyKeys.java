package dev.kintsugi.runtime.internal.operations;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * The rows of {@code kintsugi_request}: requests that came with a key, so that none is carried out
 * twice. A key is claimed before its request is carried out, in a transaction of its own, and gets
 * the answer after it. So one whose node crashed in between is claimed and has no answer: it may
 * have been carried out or not, and is not carried out again. In the caller's transaction.
 */
public final class IdempotencyKeys {

  private static final String FORGET_OLD =
      "DELETE FROM kintsugi_request WHERE at < clock_timestamp() - INTERVAL '7 days'";

  private static final String CLAIM =
      """
      INSERT INTO kintsugi_request (request_key, fingerprint) VALUES (?, ?)
      ON CONFLICT DO NOTHING
      """;

  private static final String FIND =
      "SELECT fingerprint, status, location, answer FROM kintsugi_request WHERE request_key = ?";

  private static final String ANSWER =
      "UPDATE kintsugi_request SET status = ?, location = ?, answer = ? WHERE request_key = ?";

  private static final String RELEASE =
      "DELETE FROM kintsugi_request WHERE request_key = ? AND answer IS NULL";

  private IdempotencyKeys() {}

  /** The answer to a request that was carried out. */
  public record Answer(int status, Optional<String> location, String body) {}

  /** What a key is worth. */
  public sealed interface Claim {}

  /** It is new: the request is to be carried out. */
  public record New() implements Claim {}

  /** The same request was carried out, and answered so. */
  public record Answered(Answer answer) implements Claim {}

  /** The same request is being carried out; or was begun, and nobody knows what came of it. */
  public record Unanswered() implements Claim {}

  /** The key was used for another request. */
  public record OtherRequest() implements Claim {}

  /**
   * Claims a key. Keys of more than a week ago are forgotten.
   *
   * @param fingerprint of all that makes the request another one
   */
  public static Claim claim(Connection connection, String key, String fingerprint)
      throws SQLException {
    try (PreparedStatement forget = connection.prepareStatement(FORGET_OLD)) {
      forget.executeUpdate();
    }
    try (PreparedStatement claim = connection.prepareStatement(CLAIM)) {
      claim.setString(1, key);
      claim.setString(2, fingerprint);
      if (claim.executeUpdate() == 1) {
        return new New();
      }
    }
    try (PreparedStatement find = connection.prepareStatement(FIND)) {
      find.setString(1, key);
      try (ResultSet row = find.executeQuery()) {
        if (!row.next()) {
          return new Unanswered();
        }
        if (!row.getString(1).equals(fingerprint)) {
          return new OtherRequest();
        }
        String body = row.getString(4);
        return body == null
            ? new Unanswered()
            : new Answered(new Answer(row.getInt(2), Optional.ofNullable(row.getString(3)), body));
      }
    }
  }

  /** Keeps the answer to a request that was carried out. */
  public static void answer(Connection connection, String key, Answer answer) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(ANSWER)) {
      update.setInt(1, answer.status());
      update.setString(2, answer.location().orElse(null));
      update.setString(3, answer.body());
      update.setString(4, key);
      update.executeUpdate();
    }
  }

  /** Gives a key back whose request changed nothing. */
  public static void release(Connection connection, String key) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(RELEASE)) {
      delete.setString(1, key);
      delete.executeUpdate();
    }
  }
}
