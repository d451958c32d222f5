// What the page asks the server.

export class Refused extends Error {
  constructor(status, told) {
    super(told.error?.what ?? `the server answered ${status}`);
    Object.assign(this, { status, told });
  }
}

export async function ask(path, parameters = {}, options = {}) {
  const response = await fetch(`${path}?${new URLSearchParams(parameters)}`, options);
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, told);
  return told;
}

export const question = ({ q, off, view }) => ({ q, off: off.join(","), ...(view === "plain" && { plain: 1 }) });
