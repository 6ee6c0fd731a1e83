/**
 * JSON with line breaks and indents, or null if it isn't JSON. Tokens stay as they were written: parsing and printing them anew
 * would round long numbers and lose doubled keys.
 */
export function indented(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let depth = 0;
  let result = '';
  const line = () => `\n${'  '.repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g);
  tokens.forEach((token, i) => {
    if (token === '{' || token === '[') {
      depth += 1;
      result += token + (closes(tokens[i + 1]) ? '' : line());
    } else if (closes(token)) {
      depth -= 1;
      result += (opens(tokens[i - 1]) ? '' : line()) + token;
    } else if (token === ',') {
      result += token + line();
    } else {
      result += token === ':' ? ': ' : token;
    }
  });
  return result;
}

function opens(token) {
  return token === '{' || token === '[';
}

function closes(token) {
  return token === '}' || token === ']';
}
