const type = process.env.AWS_LAMBDA_INITIALIZATION_TYPE;
if (type === "provisioned-concurrency") throw Error("not in a provisioned environment");

export const handler = async () => type;
