package dev.kintsugi.management;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * The dashboard's files, from the jar. A strict Content-Security-Policy lets them load nothing from
 * elsewhere, run no inline script, and be framed by nobody.
 */
final class Dashboard {

  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final String OWN = "/dev/kintsugi/management/ui/";
  private static final String UPLOT =
      "/META-INF/resources/webjars/uplot/" + uplotVersion() + "/dist/";

  private static final Pattern FILE = Pattern.compile("[A-Za-z][A-Za-z0-9.]*");

  private static final Map<String, ContentType> TYPES =
      Map.of(
          "html", ContentTypes.TEXT_HTML_UTF8,
          "css", ContentTypes.create(MediaTypes.TEXT_CSS, HttpCharsets.UTF_8),
          "js", ContentTypes.create(MediaTypes.APPLICATION_JAVASCRIPT, HttpCharsets.UTF_8),
          "svg", ContentTypes.create(MediaTypes.IMAGE_SVG_XML));

  /** The page. */
  ChangeOutcome page(ApiCall call) {
    return file(OWN, "index.html");
  }

  /** What it is made of. */
  ChangeOutcome asset(ApiCall call) {
    return file(OWN, call.part("file"));
  }

  /** Its charts are drawn by uPlot. */
  ChangeOutcome uplot(ApiCall call) {
    return file(UPLOT, call.part("file"));
  }

  private static ChangeOutcome file(String folder, String name) {
    Optional<byte[]> content =
        FILE.matcher(name).matches() ? read(folder + name) : Optional.empty();
    ContentType type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    if (content.isEmpty() || type == null) {
      throw new ProblemException(404, "the dashboard has no such file");
    }
    return ChangeOutcome.seen(
        HttpResponse.create()
            .withEntity(HttpEntities.create(type, content.get()))
            .addHeader(RawHeader.create("Content-Security-Policy", POLICY))
            .addHeader(RawHeader.create("Referrer-Policy", "no-referrer"))
            .addHeader(RawHeader.create("X-Content-Type-Options", "nosniff"))
            .addHeader(RawHeader.create("Cache-Control", "no-cache")));
  }

  static Optional<byte[]> read(String resource) {
    try (InputStream in = Dashboard.class.getResourceAsStream(resource)) {
      return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The webjar's folder has its version in its name. */
  private static String uplotVersion() {
    String resource = "/META-INF/maven/org.webjars.npm/uplot/pom.properties";
    Properties properties = new Properties();
    try (InputStream in = Dashboard.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the dashboard's charts need org.webjars.npm:uplot");
      }
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version");
  }
}
