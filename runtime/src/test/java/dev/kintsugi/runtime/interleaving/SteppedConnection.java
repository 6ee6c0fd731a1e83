package dev.kintsugi.runtime.interleaving;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.core.BaseConnection;

/**
 * A connection that stops at a {@link Gate} before each statement, commit and rollback that another
 * transaction could notice. Statements that go to the server in one round trip are sent one by one,
 * so that others can come in between, as they can in the server.
 */
final class SteppedConnection implements InvocationHandler {

  private static final String KEEP_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";

  /** No time passes from one step to the next, so nobody waits too long for a lock. */
  private static final String LOCK_TIMEOUT = "SET LOCAL lock_timeout";

  private final Connection real;
  private final Sql sql;
  private final Rewriting rewriting;
  private final Gate gate;

  private final Set<String> changed = new HashSet<>();
  private final Set<String> held = new HashSet<>();
  private boolean hasId;

  /** Whether the transaction keeps its first snapshot; and whether it has it. */
  private boolean keepsSnapshot;

  private boolean hasSnapshot;

  private SteppedConnection(Connection real, Sql sql, Rewriting rewriting, Gate gate) {
    this.real = real;
    this.sql = sql;
    this.rewriting = rewriting;
    this.gate = gate;
  }

  /** A pool of one connection, which the pool's user closes as often as it likes. */
  static DataSource pool(Connection real, Sql sql, Rewriting rewriting, Gate gate) {
    return proxy(
        DataSource.class,
        (proxy, method, arguments) -> {
          if (method.getName().equals("getConnection")) {
            return proxy(Connection.class, new SteppedConnection(real, sql, rewriting, gate));
          }
          throw new UnsupportedOperationException(method.getName());
        });
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    boolean ofAll = arguments == null || arguments.length == 0;
    return switch (method.getName()) {
      case "prepareStatement" ->
          proxy(PreparedStatement.class, new Prepared((String) arguments(arguments)[0]));
      case "createStatement" -> proxy(Statement.class, new Unprepared(real.createStatement()));
      case "commit" -> {
        end("COMMIT", Set.copyOf(changed), real::commit);
        yield null;
      }
      case "rollback" -> {
        if (ofAll) {
          end("ROLLBACK", Set.of(), real::rollback);
        } else {
          call(real, method, arguments);
        }
        yield null;
      }
      case "unwrap" ->
          arguments(arguments)[0] == PGConnection.class
              ? proxy(PGConnection.class, this::ofTheDriver)
              : call(real, method, arguments);
      case "close" -> {
        end("ROLLBACK", Set.of(), real::rollback);
        yield null;
      }
      default -> call(real, method, arguments);
    };
  }

  private @Nullable Object ofTheDriver(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    return method.getName().equals("getCopyAPI")
        ? new SteppedCopies(real.unwrap(BaseConnection.class))
        : call(real.unwrap(PGConnection.class), method, arguments);
  }

  /** COPY is a statement that the driver has a way of its own for. */
  private final class SteppedCopies extends CopyManager {
    SteppedCopies(BaseConnection connection) throws SQLException {
      super(connection);
    }

    @Override
    public CopyIn copyIn(String statement) throws SQLException {
      step(statement);
      return super.copyIn(statement);
    }
  }

  private interface End {
    void run() throws SQLException;
  }

  private void end(String what, Set<String> shows, End end) throws SQLException {
    Access access = Access.ofEnd(shows, hasId, Set.copyOf(held));
    if (hasSnapshot) {
      access = access.endingSnapshot();
    }
    if (!access.isLocal()) {
      gate.pass(what, access);
    }
    end.run();
    ended();
  }

  private void ended() {
    changed.clear();
    held.clear();
    hasId = false;
    keepsSnapshot = false;
    hasSnapshot = false;
  }

  /** Stops, and notes what the transaction has done once it goes on. */
  private void step(String statement) throws SQLException {
    if (statement.startsWith("COMMIT PREPARED")) {
      gate.pass(statement, Access.ofEnd(Set.copyOf(changed), hasId, Set.copyOf(held)));
      ended();
      return;
    }
    if (statement.equals(KEEP_SNAPSHOT)) {
      keepsSnapshot = true;
      return;
    }
    Sql.Statement read = sql.read(statement);
    Access access = read.after(hasId, held);
    Access seen = access;
    if (keepsSnapshot) {
      seen = hasSnapshot ? access.inKeptSnapshot() : sql.keepingSnapshot(access);
      hasSnapshot = true;
    }
    if (!seen.isLocal()) {
      gate.pass(statement, seen);
    }
    changed.addAll(access.writes());
    hasId |= read.needsId();
    held.addAll(read.access().holds());
  }

  private static Object[] arguments(Object @Nullable [] arguments) {
    if (arguments == null) {
      throw new IllegalArgumentException("a call without SQL");
    }
    return arguments;
  }

  private static @Nullable Object call(Object target, Method method, Object @Nullable [] arguments)
      throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** A statement that is given its SQL when it is run. */
  private final class Unprepared implements InvocationHandler {
    private final Statement statement;

    Unprepared(Statement statement) {
      this.statement = statement;
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
        throws Throwable {
      if (!method.getName().startsWith("execute")) {
        return call(statement, method, arguments);
      }
      String rewritten = rewriting.rewrite((String) arguments(arguments)[0]);
      if (rewritten.startsWith(LOCK_TIMEOUT)) {
        rewritten = LOCK_TIMEOUT + " = 0";
      }
      step(rewritten);
      return call(statement, method, new Object[] {rewritten});
    }
  }

  /** One or more prepared statements, run one by one; their results are kept to be walked. */
  private final class Prepared implements InvocationHandler {
    private final List<PreparedStatement> parts = new ArrayList<>();
    private final List<String> texts = new ArrayList<>();
    private final List<Integer> firstParameters = new ArrayList<>();
    private final List<Integer> order;
    private final List<Boolean> hasRows = new ArrayList<>();
    private int current;

    Prepared(String text) throws SQLException {
      List<String> statements = Sql.split(text);
      order = rewriting.order(statements);
      int parameters = 0;
      for (String statement : statements) {
        firstParameters.add(parameters + 1);
        parameters += (int) statement.chars().filter(c -> c == '?').count();
        String rewritten = Sql.lookingAtReaders(rewriting.rewrite(statement));
        texts.add(rewritten);
        parts.add(real.prepareStatement(rewritten));
      }
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
        throws Throwable {
      switch (method.getName()) {
        case "execute" -> {
          runAll();
          return hasRows.get(0);
        }
        case "getMoreResults" -> {
          current++;
          return current < parts.size() && hasRows.get(current);
        }
        case "getResultSet" -> {
          return parts.get(current).getResultSet();
        }
        case "getUpdateCount" -> {
          return current < parts.size() ? parts.get(current).getUpdateCount() : -1;
        }
        case "executeQuery", "executeUpdate", "executeBatch" -> {
          if (parts.size() > 1) {
            throw new UnsupportedOperationException(method.getName() + " of several statements");
          }
          step(texts.get(0));
          return call(parts.get(0), method, arguments);
        }
        case "close" -> {
          for (PreparedStatement part : parts) {
            part.close();
          }
          return null;
        }
        default -> {
          return method.getName().startsWith("set") && arguments != null && arguments.length > 1
              ? set(method, arguments)
              : call(parts.get(0), method, arguments);
        }
      }
    }

    private void runAll() throws SQLException {
      hasRows.clear();
      for (PreparedStatement ignored : parts) {
        hasRows.add(false);
      }
      for (int part : order) {
        step(texts.get(part));
        hasRows.set(part, parts.get(part).execute());
      }
      current = 0;
    }

    /** Binds a parameter of the whole to the statement that has it. */
    private @Nullable Object set(Method method, Object[] arguments) throws Throwable {
      int index = (Integer) arguments[0];
      int part = parts.size() - 1;
      while (firstParameters.get(part) > index) {
        part--;
      }
      Object[] shifted = arguments.clone();
      shifted[0] = index - firstParameters.get(part) + 1;
      return call(parts.get(part), method, shifted);
    }
  }
}
