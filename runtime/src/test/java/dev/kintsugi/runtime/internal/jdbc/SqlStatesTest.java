package dev.kintsugi.runtime.internal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqlStatesTest {

  private static Exception wrapped(String state) {
    return new IllegalStateException(new RuntimeException(new SQLException("text", state)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"40001", "40P01"})
  void a_transaction_that_lost_a_race_may_be_run_again(String state) {
    assertThat(SqlStates.isTransactionRetriable(wrapped(state))).isTrue();
    assertThat(SqlStates.isDatabaseAtFault(wrapped(state))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"40002", "40003", "23505", "55P03", "08006", "57P01", "25P02", "42601"})
  void any_other_transaction_may_not(String state) {
    assertThat(SqlStates.isTransactionRetriable(wrapped(state))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "08006", "08001", "53100", "53300", "57P01", "57P02", "57P03", "58030", "XX000", "25P03",
        "25P04", "25006"
      })
  void the_database_is_at_fault_for_what_no_statement_can_help(String state) {
    assertThat(SqlStates.isDatabaseAtFault(wrapped(state))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"55P03", "57014", "55006"})
  void nobody_is_at_fault_for_what_others_keep_from_being_done(String state) {
    assertThat(SqlStates.isNotNow(wrapped(state))).isTrue();
    assertThat(SqlStates.isDatabaseAtFault(wrapped(state))).isFalse();
    assertThat(SqlStates.isTransactionRetriable(wrapped(state))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"57P01", "40001", "23505", "25P02", "25006"})
  void other_errors_are_not_of_that_kind(String state) {
    assertThat(SqlStates.isNotNow(wrapped(state))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"57014", "23505", "22012", "42P01", "55P03", "25P02", "P0001"})
  void the_database_is_not_at_fault_for_the_rest(String state) {
    assertThat(SqlStates.isDatabaseAtFault(wrapped(state))).isFalse();
  }

  @Test
  void a_pool_that_has_no_connection_left_knows_no_state_and_is_the_databases_fault() {
    assertThat(
            SqlStates.isDatabaseAtFault(
                new RuntimeException(new SQLTransientConnectionException("timed out"))))
        .isTrue();
  }

  @Test
  void the_first_state_among_the_causes_counts() {
    SQLException inner = new SQLException("inner", "08006");
    SQLException outer = new SQLException("outer", "23505", inner);

    assertThat(SqlStates.of(new RuntimeException(outer))).contains("23505");
    assertThat(SqlStates.of(new SQLException("no state", inner))).contains("08006");
    assertThat(SqlStates.isUniqueViolation(outer)).isTrue();
    assertThat(SqlStates.isDatabaseAtFault(outer)).isFalse();
  }

  @Test
  void an_error_that_is_not_of_the_database_has_no_state() {
    assertThat(SqlStates.of(new IllegalStateException("40001"))).isEmpty();
    assertThat(SqlStates.isTransactionRetriable(new IllegalStateException("40001"))).isFalse();
    assertThat(SqlStates.isDatabaseAtFault(new IllegalStateException("08006"))).isFalse();
  }

  @Test
  void a_circle_of_causes_comes_to_an_end() {
    RuntimeException one = new RuntimeException("one");
    RuntimeException two = new RuntimeException("two", one);
    one.initCause(two);

    assertThat(SqlStates.of(two)).isEmpty();
    assertThat(SqlStates.isDatabaseAtFault(two)).isFalse();
  }
}
