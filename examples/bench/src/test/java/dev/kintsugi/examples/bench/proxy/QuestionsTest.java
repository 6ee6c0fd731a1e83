package dev.kintsugi.examples.bench.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuestionsTest {

  private static final int SSL_REQUEST = 80_877_103;
  private static final int VERSION_3 = 196_608;

  private final ByteArrayOutputStream asked = new ByteArrayOutputStream();

  QuestionsTest() {
    untyped(SSL_REQUEST, "");
    untyped(VERSION_3, "user\0me\0\0");
  }

  private void untyped(int code, String rest) {
    ByteBuffer message = ByteBuffer.allocate(8 + rest.length());
    message.putInt(message.capacity()).putInt(code).put(rest.getBytes(StandardCharsets.UTF_8));
    asked.writeBytes(message.array());
  }

  private void message(char type, String text) {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer message = ByteBuffer.allocate(5 + body.length);
    message.put((byte) type).putInt(4 + body.length).put(body);
    asked.writeBytes(message.array());
  }

  /** How many parts of the bytes held a commit. */
  private int commits(int inPartsOf) {
    Questions questions = new Questions();
    byte[] all = asked.toByteArray();
    int commits = 0;
    for (int from = 0; from < all.length; from += inPartsOf) {
      int count = Math.min(inPartsOf, all.length - from);
      byte[] part = new byte[count];
      System.arraycopy(all, from, part, 0, count);
      commits += questions.commit(part, count) ? 1 : 0;
    }
    return commits;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7, 1_000_000})
  void a_commit_is_found_however_its_bytes_are_cut(int inPartsOf) {
    message('P', "S_1\0INSERT INTO t VALUES ($1)\0\0\0");
    message('B', "\0S_1\0" + "COMMIT\0".repeat(100));
    message('E', "\0\0\0\0\0");
    message('S', "");
    message('P', "S_2\0COMMIT\0\0\0");
    message('B', "\0S_2\0\0\0\0\0\0\0");
    message('S', "");

    assertThat(commits(inPartsOf)).isEqualTo(1);
  }

  @Test
  void a_prepared_commit_is_one_each_time_and_until_its_name_has_another_text() {
    message('P', "S_2\0COMMIT\0\0\0");
    message('B', "\0S_2\0\0\0\0\0\0\0");
    message('B', "portal\0S_2\0\0\0\0\0\0\0");
    message('P', "S_2\0SELECT 1\0\0\0");
    message('B', "\0S_2\0\0\0\0\0\0\0");

    assertThat(commits(1)).isEqualTo(2);
  }

  @Test
  void a_simple_query_may_commit_and_one_that_only_names_it_does_not() {
    message('Q', "commit\0");
    message('Q', "SELECT 'COMMIT'\0");

    assertThat(commits(1)).isEqualTo(1);
  }

  @Test
  void what_can_not_be_read_holds_none() {
    asked.reset();
    message('Q', "COMMIT\0");

    assertThat(commits(1)).isZero();
  }
}
