package dev.kintsugi.management;

import dev.kintsugi.runtime.testing.TestSystem;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.ElementNotInteractableException;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * A Chromium without a window. Whatever is looked for is waited for, and named by a CSS selector.
 */
public final class Browser implements AutoCloseable {

  private static final String HINT =
      "to run it, install Chromium and its driver (Debian: apt-get install chromium"
          + " chromium-driver), or name both in KINTSUGI_CHROMIUM and KINTSUGI_CHROMEDRIVER";

  private final Path profile;
  private final ChromeDriver driver;
  private final WebDriverWait patience;

  private Browser(Path chromium, Path chromedriver) throws IOException {
    profile = Files.createTempDirectory("kintsugi-browser");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--user-data-dir=" + profile);
    options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
    driver =
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver.toFile())
                .usingAnyFreePort()
                .build(),
            options);
    patience = new WebDriverWait(driver, TestSystem.PATIENCE, Duration.ofMillis(50));
    patience.ignoreAll(
        List.of(StaleElementReferenceException.class, ElementNotInteractableException.class));
  }

  /**
   * Starts one, or skips the test where the machine has none; where {@code
   * KINTSUGI_BROWSER=required} is in the environment, the test fails then.
   */
  public static Browser start() throws IOException {
    Optional<Path> chromium =
        find("KINTSUGI_CHROMIUM", "chromium", "chromium-browser", "google-chrome");
    Optional<Path> chromedriver = find("KINTSUGI_CHROMEDRIVER", "chromedriver");
    if (chromium.isEmpty() || chromedriver.isEmpty()) {
      String notice =
          "There is no %s: the dashboard is not tested in a browser; %s"
              .formatted(chromium.isEmpty() ? "Chromium" : "chromedriver", HINT);
      if ("required".equals(System.getenv("KINTSUGI_BROWSER"))) {
        throw new AssertionError(notice);
      }
      System.out.println("NOTICE: " + notice);
      Assumptions.abort(notice);
    }
    return new Browser(chromium.orElseThrow(), chromedriver.orElseThrow());
  }

  private static Optional<Path> find(String variable, String... names) {
    String named = System.getenv(variable);
    if (named != null) {
      return Optional.of(Path.of(named));
    }
    String[] folders = System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1);
    return Stream.of(names)
        .flatMap(name -> Stream.of(folders).map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  public void open(URI page) {
    driver.get(page.toString());
  }

  /** As wide a screen as this. */
  public void width(int pixels) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", pixels, "height", 900, "deviceScaleFactor", 1, "mobile", false));
  }

  /** Waits until it is on display. */
  public WebElement see(String selector) {
    return see(selector, element -> true, "is on display");
  }

  /** Waits until it is on display and has this in its text. */
  public WebElement see(String selector, String text) {
    return see(selector, element -> element.getText().contains(text), "says '" + text + "'");
  }

  private WebElement see(String selector, Predicate<WebElement> condition, String what) {
    patience.withMessage(() -> "%s %s; there is %s".formatted(selector, what, texts(selector)));
    return patience.until(
        page ->
            all(selector).stream()
                .filter(element -> element.isDisplayed() && condition.test(element))
                .findFirst()
                .orElse(null));
  }

  /** Waits until it is on display no more. */
  public void seeNo(String selector) {
    patience.withMessage(() -> "no %s; there is %s".formatted(selector, texts(selector)));
    patience.until(page -> all(selector).stream().noneMatch(WebElement::isDisplayed));
  }

  public List<WebElement> all(String selector) {
    return driver.findElements(By.cssSelector(selector));
  }

  private List<String> texts(String selector) {
    return all(selector).stream().map(WebElement::getText).toList();
  }

  public void click(String selector) {
    see(
        selector,
        element -> {
          element.click();
          return true;
        },
        "can be clicked");
  }

  public void type(String selector, String text) {
    see(selector).sendKeys(text);
  }

  /** Presses keys, wherever the focus is. */
  public void press(CharSequence... keys) {
    new Actions(driver).sendKeys(keys).perform();
  }

  /** Presses Tab until the focus is there, once round the page at the most. */
  public void tabTo(String selector) {
    for (int i = 0; i < 100; i++) {
      if (isFocused(selector)) {
        return;
      }
      press(Keys.TAB);
    }
    throw new AssertionError("Tab does not come to " + selector);
  }

  /** Waits until the focus is there. */
  public void seeFocus(String selector) {
    patience.withMessage(() -> "the focus is not at " + selector + " but at " + focus());
    patience.until(page -> isFocused(selector));
  }

  private boolean isFocused(String selector) {
    return Boolean.TRUE.equals(
        driver.executeScript("return document.activeElement.matches(arguments[0])", selector));
  }

  private Object focus() {
    return String.valueOf(driver.executeScript("return document.activeElement.outerHTML"));
  }

  public String title() {
    return String.valueOf(driver.getTitle());
  }

  /** How many pixels the page is wider than its window. */
  public long overflow() {
    Object pixels =
        driver.executeScript(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    return ((Number) Objects.requireNonNull(pixels)).longValue();
  }

  /**
   * Errors on the console since this was asked last, violations of the content security policy
   * among them; but for what Chromium itself says of each answer that is an error.
   */
  public List<String> errors() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.SEVERE.intValue())
        .map(LogEntry::getMessage)
        .filter(message -> !message.contains("Failed to load resource"))
        .toList();
  }

  @Override
  public void close() throws IOException {
    driver.quit();
    try (Stream<Path> files = Files.walk(profile)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
