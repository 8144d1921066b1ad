/** Returns its event; at the path /result, what the request's body says. */
export const handler = async (event) => {
  if (event.rawPath !== "/result") return event;
  const text = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body;
  return JSON.parse(text);
};
