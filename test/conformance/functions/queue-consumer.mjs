import { setTimeout as sleep } from "node:timers/promises";

const { AWS_ENDPOINT_URL, DESTINATION_QUEUE_URL, OVERWRITE_RESULT, TEST_SLEEP_S } = process.env;

/** Reports the records that are to fail on this attempt, and tells a queue what it got and returned. */
export const reports = async (event) => {
  const result =
    OVERWRITE_RESULT === undefined
      ? { batchItemFailures: event.Records.filter(fails).map(failure) }
      : JSON.parse(OVERWRITE_RESULT);
  if (DESTINATION_QUEUE_URL !== undefined) await tell(DESTINATION_QUEUE_URL, { event, result });
  return result;
};

/** Tells the queue that its one record names what it got, and throws on the attempts that are to fail. */
export const forwards = async (event) => {
  const [record] = event.Records;
  const error = fails(record) ? "failed attempt" : null;
  await tell(JSON.parse(record.body).destination, { error, event });
  if (error !== null) throw new Error(error);
};

/** Sleeps for each event. */
export const sleeps = async () => {
  await sleep(Number(TEST_SLEEP_S) * 1000);
};

function fails({ body, attributes }) {
  return JSON.parse(body).fail_attempts >= Number(attributes.ApproximateReceiveCount);
}

function failure({ messageId }) {
  return { itemIdentifier: messageId };
}

async function tell(queueUrl, message) {
  const response = await fetch(AWS_ENDPOINT_URL, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-amz-json-1.0",
      "X-Amz-Target": "AmazonSQS.SendMessage",
      Authorization:
        "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }),
  });
  if (!response.ok) throw new Error(await response.text());
}
