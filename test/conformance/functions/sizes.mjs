/** Returns a text of `bytenum` letters. */
export const handler = async (event) => {
  console.log(`returning ${event.bytenum} letters`);
  return "a".repeat(event.bytenum);
};
