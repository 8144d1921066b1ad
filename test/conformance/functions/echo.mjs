/** Logs its event once and returns it unchanged. */
export const handler = async (event) => {
  console.log(JSON.stringify(event));
  return event;
};

/** Logs its event and returns nothing. */
export const returnsNothing = async (event) => {
  console.log(JSON.stringify(event));
};

/** Returns its event and logs nothing. */
export const echoes = async (event) => event;
