package dev.kintsugi.examples.bench.failures;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LedgerEntryTest {

  @Test
  void events_in_order_are_counted_and_none_is_misplaced() {
    assertThat(LedgerEntry.NONE.plus(1).plus(2).plus(3)).isEqualTo(new LedgerEntry(3, 6, 3, 0));
  }

  @Test
  void one_that_does_not_follow_the_one_before_is_misplaced() {
    assertThat(LedgerEntry.NONE.plus(1).plus(3).plus(4)).isEqualTo(new LedgerEntry(3, 8, 4, 1));
    assertThat(LedgerEntry.NONE.plus(1).plus(1)).isEqualTo(new LedgerEntry(2, 2, 1, 1));
  }
}
