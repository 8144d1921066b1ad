import { setTimeout as sleep } from "node:timers/promises";

/** Sends its request id to the queue `notify`, then sleeps for `wait` seconds. */
export const handler = async ({ notify, wait = 0 }, { awsRequestId }) => {
  if (notify !== undefined) {
    await fetch(process.env.AWS_ENDPOINT_URL, {
      method: "POST",
      headers: {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AmazonSQS.SendMessage",
        Authorization:
          "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
      },
      body: JSON.stringify({ QueueUrl: notify, MessageBody: awsRequestId }),
    });
  }
  await sleep(wait * 1000);
  return awsRequestId;
};
