/**
 * Listens to the stream of lists and goes on doing so. The browser reconnects a broken stream by itself, but gives up on one that
 * was answered with an error, as a proxy does whose node is restarting: then a new one is opened, ever less often.
 */
export function listen(url, { onList, onConnected, onDisconnected }) {
  let wait = 1000;

  const open = () => {
    const source = new EventSource(url);
    source.addEventListener('projections', (event) => {
      wait = 1000;
      onConnected();
      onList(JSON.parse(event.data));
    });
    source.addEventListener('open', onConnected);
    source.addEventListener('error', () => {
      onDisconnected();
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(open, wait * (0.5 + Math.random()));
        wait = Math.min(wait * 2, 15000);
      }
    });
  };
  open();
}
