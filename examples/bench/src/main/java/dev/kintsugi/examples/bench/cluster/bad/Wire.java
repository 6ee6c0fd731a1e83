package dev.kintsugi.examples.bench.cluster.bad;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sends requests as they are, each over a connection of its own. */
final class Wire {

  /** A body that does not come is waited for by the server for less. */
  private static final int PATIENCE_MILLIS = 20_000;

  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3})");
  private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: *(\\d+)");
  private static final Pattern TYPE = Pattern.compile("\r\ncontent-type: *([^\r]*)");

  private final int port;

  Wire(int port) {
    this.port = port;
  }

  /** Sends one, and waits for the answer to it. */
  Answer send(Request request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      try {
        socket.getOutputStream().write(request.bytes());
        if (request.ends()) {
          socket.shutdownOutput();
        }
      } catch (IOException e) {
        // The server has answered before it had read all, and hung up: the answer is there.
        return read(socket.getInputStream());
      }
      return read(socket.getInputStream());
    }
  }

  private static Answer read(InputStream in) throws IOException {
    String head = head(in);
    Matcher status = STATUS.matcher(head);
    if (!status.lookingAt()) {
      return Answer.NONE;
    }
    String small = head.toLowerCase(Locale.ROOT);
    Matcher length = LENGTH.matcher(small);
    Matcher type = TYPE.matcher(small);
    byte[] body = length.find() ? in.readNBytes(Integer.parseInt(length.group(1))) : new byte[0];
    return new Answer(
        Integer.parseInt(status.group(1)),
        type.find() ? type.group(1) : "",
        new String(body, StandardCharsets.UTF_8));
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0; b = in.read()) {
      head.write(b);
      if (b == '\n' && head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
        break;
      }
    }
    return head.toString(StandardCharsets.ISO_8859_1);
  }
}
