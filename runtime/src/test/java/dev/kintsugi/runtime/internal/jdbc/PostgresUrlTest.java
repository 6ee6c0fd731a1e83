package dev.kintsugi.runtime.internal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;

class PostgresUrlTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql:shop",
        "jdbc:postgresql:",
        "jdbc:postgresql://",
        "jdbc:postgresql:///shop",
        "jdbc:postgresql://db/",
        "jdbc:postgresql://db/shop",
        "jdbc:postgresql://db.my-company.example:5433/shop_2",
        "jdbc:postgresql://127.0.0.1:65535/shop",
        "jdbc:postgresql://[::1]:5432/shop",
        "jdbc:postgresql://[fe80::1%eth0]/shop",
        "jdbc:postgresql://one,two:5433,[::1]:5434/my%20shop",
        "jdbc:postgresql://bücher.example/größe"
      })
  void what_the_driver_reads_is_read_and_shown_without_parameters(String url) {
    for (String parameters :
        new String[] {
          "",
          "?",
          "?ssl",
          "?user=clerk@shop&password=a;b@c:d/e=f%26g",
          "?currentSchema=a,b&options=-c%20statement_timeout=90000&",
          "?sslpassword=a;b&sslmode=require"
        }) {
      PostgresUrl read = PostgresUrl.of(url + parameters);

      assertThat(read).hasToString(url);
      assertThat(read.properties()).isEqualTo(Driver.parseURL(url + parameters, null));
      assertThat(PostgresUrl.forPeople(url + parameters)).isEqualTo(url);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://clerk:geheim@db/shop",
        "jdbc:postgresql://clerk:geheim@db:5432/shop",
        "jdbc:postgresql://clerk:4711@db/shop",
        "jdbc:postgresql://geheim@db/shop",
        "jdbc:postgresql://one,clerk:geheim@two/shop",
        "jdbc:postgresql://clerk:gehe/im@db/shop",
        "jdbc:postgresql://clerk:geheim?4711@db/shop",
        "jdbc:postgresql://clerk:4711?geheim@db/shop",
        "jdbc:postgresql://clerk:1/x?geheim@db/shop",
        "jdbc:postgresql://clerk:99999/shop?password=geheim",
        "jdbc:postgresql://clerk:geheim%40db/shop",
        "jdbc:postgresql://clerk%3Ageheim@db/shop",
        "jdbc:postgresql://db;password=geheim/shop",
        "jdbc:postgresql://db:5432;password=geheim/shop",
        "jdbc:postgresql://db/shop;password=geheim",
        "jdbc:postgresql://db/shop;user=clerk;password=geheim",
        "jdbc:postgresql://db/shop%3Bpassword%3Dgeheim",
        "jdbc:postgresql://db/shop%253Bpassword%253Dgeheim",
        "jdbc:postgresql://db/shop&password=geheim",
        "jdbc:postgresql://db/shop#password=geheim",
        "jdbc:postgresql://db/shop/password=geheim",
        "jdbc:postgresql://db/geheim@shop",
        "jdbc:postgresql://db?password=geheim",
        "jdbc:postgresql://db:port/shop?password=geheim",
        "jdbc:postgresql://db /shop?password=geheim",
        "jdbc:postgresql:clerk:geheim@db",
        "jdbc:postgresql:/clerk:geheim@db/shop",
        "jdbc:postgresql:/geheim",
        "jdbc:postgresql://db/shop?password=geheim%",
        "jdbc:postgresql://db/shop?password=geheim%zz",
        "jdbc:postgresql://db/shop?sslmode=require;password=geheim",
        "jdbc:postgresql://db/shop?sslmode=require%3Bpassword%3Dgeheim",
        "jdbc:postgresql://db/shop?sslmode=require,password=geheim",
        "jdbc:postgresql://db/shop?sslmode=require%0Apassword=geheim",
        "jdbc:postgresql://db/shop?sslmode=require PASSWORD = geheim",
        "jdbc:postgresql://db/shop?user=clerk?password=geheim",
        "jdbc:postgresql://db/shop?ssl&=geheim",
        "jdbc:postgresql://db/shop?ge heim=1"
      })
  void what_may_hold_a_password_in_a_wrong_place_is_refused_without_a_word_of_it(String url) {
    assertThatThrownBy(() -> PostgresUrl.of(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("jdbc:postgresql:… is no URL of a PostgreSQL database: ")
        .hasNoCause()
        .message()
        .doesNotContain("geheim", "gehe", "heim", "4711", "clerk");
    assertThat(PostgresUrl.forPeople(url)).isEqualTo("jdbc:postgresql:…");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "postgres://clerk:geheim@db/shop,            postgres://…",
        "postgresql://clerk:geheim@db/shop,          postgresql://…",
        "POSTGRES://clerk:geheim@db/shop,            postgres://…",
        "jdbc:postgres://db/shop?password=geheim,    jdbc:postgres://…",
        "jdbc:mysql://db/shop?password=geheim,       jdbc:mysql://…",
        "geheim, what is given",
        "clerk:geheim@db, what is given",
        "geheim:clerk, what is given",
        "host=db password=geheim, what is given",
        "``, what is given"
      })
  void of_another_url_nothing_is_shown_but_the_scheme(String url, String shown) {
    assertThatThrownBy(() -> PostgresUrl.of(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(shown)
        .hasMessageContaining("it must begin with jdbc:postgresql:")
        .message()
        .doesNotContain("geheim", "clerk");
    assertThat(PostgresUrl.forPeople(url)).startsWith(shown).doesNotContain("geheim", "clerk");
  }

  @Test
  void its_properties_are_each_callers_own() {
    PostgresUrl url = PostgresUrl.of("jdbc:postgresql://db/shop");
    url.properties().setProperty("user", "clerk");

    assertThat(url.properties()).doesNotContainKey("user");
  }
}
