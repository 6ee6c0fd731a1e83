package dev.kintsugi.examples.bench.failures;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClaimsTest {

  @Test
  void claims_hold_while_every_count_is_what_it_should_be() {
    Claims claims = new Claims();
    claims.claim("events stored", 1_000, 1_000);
    claims.claim("events lost", 0, 0);

    assertThat(claims.hold()).isTrue();
    assertThat(claims.lines())
        .anySatisfy(line -> assertThat(line).matches("events stored +1,000 +1,000 +held"));
  }

  @Test
  void one_that_is_broken_is_shown() {
    Claims claims = new Claims();
    claims.claim("events stored", 1_000, 1_000);
    claims.claim("events lost", 0, 3);

    assertThat(claims.hold()).isFalse();
    assertThat(claims.lines())
        .anySatisfy(line -> assertThat(line).matches("events lost +0 +3 +BROKEN"));
  }

  @Test
  void runs_that_make_up_for_each_other_do_not_hide_it() {
    Claims claims = new Claims();
    claims.claim("events stored", 10, 9);
    claims.claim("events stored", 10, 11);
    claims.claim("events stored", 10, 10);

    assertThat(claims.hold()).isFalse();
    assertThat(claims.lines())
        .anySatisfy(
            line -> assertThat(line).matches("events stored +30 +30 +BROKEN in 2 of 3 runs"));
  }
}
