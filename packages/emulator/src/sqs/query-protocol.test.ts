import { XMLParser } from "fast-xml-parser";
import { afterEach, describe, expect, test } from "vitest";

import { startQueueServer, stopQueueServers } from "./testing/queue-server.ts";

afterEach(stopQueueServers);

/** Makes calls as clients of the query protocol do: a form to the address of the queue. */
async function start() {
  const server = await startQueueServer();
  const call = async (parameters: Record<string, string>, path = "/000000000000/jobs") => {
    const response = await fetch(server.url + path, {
      method: "POST",
      body: new URLSearchParams({ Version: "2012-11-05", ...parameters }),
    });
    const text = await response.text();
    const parser = new XMLParser({ parseTagValue: false, ignoreAttributes: true });
    return { status: response.status, text, xml: parser.parse(text) as unknown };
  };
  await call({ Action: "CreateQueue", QueueName: "jobs" }, "/");
  return { ...server, call };
}

describe("the query protocol", () => {
  test("makes a queue with attributes and tags, which its address then has", async () => {
    const { call, url, queues } = await start();
    const { xml, text } = await call(
      {
        Action: "CreateQueue",
        QueueName: "other",
        "Attribute.1.Name": "VisibilityTimeout",
        "Attribute.1.Value": "7",
        "Attribute.2.Name": "DelaySeconds",
        "Attribute.2.Value": "1",
        "Tag.1.Key": "team",
        "Tag.1.Value": "a",
      },
      "/",
    );
    expect(text).toContain(
      '<CreateQueueResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">',
    );
    expect(xml).toMatchObject({
      CreateQueueResponse: { CreateQueueResult: { QueueUrl: `${url}/000000000000/other` } },
    });
    expect(queues.findByName("other")?.record).toMatchObject({
      attributes: { VisibilityTimeout: "7", DelaySeconds: "1" },
      tags: { team: "a" },
    });
    const got = await call(
      {
        Action: "GetQueueAttributes",
        "AttributeName.1": "DelaySeconds",
        "AttributeName.2": "VisibilityTimeout",
      },
      "/000000000000/other",
    );
    expect(got.xml).toMatchObject({
      GetQueueAttributesResponse: {
        GetQueueAttributesResult: {
          Attribute: [
            { Name: "VisibilityTimeout", Value: "7" },
            { Name: "DelaySeconds", Value: "1" },
          ],
        },
      },
    });
  });

  test("sends and receives a message with attributes, whatever characters it has", async () => {
    const { call } = await start();
    const body = '<a & "b">\r\n\té';
    await call({
      Action: "SendMessage",
      MessageBody: body,
      "MessageAttribute.1.Name": "raw",
      "MessageAttribute.1.Value.DataType": "Binary",
      "MessageAttribute.1.Value.BinaryValue": "AQID",
    });
    const { xml, text } = await call({
      Action: "ReceiveMessage",
      MaxNumberOfMessages: "10",
      "AttributeName.1": "ApproximateReceiveCount",
      // A list of one need not be numbered.
      MessageAttributeName: "All",
    });
    expect(xml).toMatchObject({
      ReceiveMessageResponse: {
        ReceiveMessageResult: {
          Message: {
            Attribute: { Name: "ApproximateReceiveCount", Value: "1" },
            MessageAttribute: { Name: "raw", Value: { BinaryValue: "AQID", DataType: "Binary" } },
          },
        },
      },
    });
    expect(text).toContain("<Body>&lt;a &amp; &quot;b&quot;&gt;&#xD;\n\té</Body>");
  });

  test("tells of an attribute without a name", async () => {
    const { call } = await start();
    const attribute = { "MessageAttribute.1.Value.DataType": "String" };
    const { text } = await call({ Action: "SendMessage", MessageBody: "a", ...attribute });
    expect(text).toContain("The request must contain non-empty message attribute name.");
  });

  test("has the outcomes of a batch one by one", async () => {
    const { call } = await start();
    const { xml } = await call({
      Action: "SendMessageBatch",
      "SendMessageBatchRequestEntry.1.Id": "good",
      "SendMessageBatchRequestEntry.1.MessageBody": "one",
      "SendMessageBatchRequestEntry.2.Id": "bad",
      "SendMessageBatchRequestEntry.2.MessageBody": "two",
      "SendMessageBatchRequestEntry.2.DelaySeconds": "901",
    });
    expect(xml).toMatchObject({
      SendMessageBatchResponse: {
        SendMessageBatchResult: {
          SendMessageBatchResultEntry: { Id: "good" },
          BatchResultErrorEntry: { Id: "bad", Code: "InvalidParameterValue", SenderFault: "true" },
        },
      },
    });
  });

  test("answers errors with AWS's older codes", async () => {
    const { call } = await start();
    const purged = await call({ Action: "PurgeQueue" }, "/000000000000/none");
    expect(purged).toMatchObject({
      status: 400,
      xml: {
        ErrorResponse: {
          Error: {
            Type: "Sender",
            Code: "AWS.SimpleQueueService.NonExistentQueue",
            Message: "The specified queue does not exist for this wsdl version.",
          },
        },
      },
    });
    // ListQueues is not about the queue at whose address it is called here.
    for (const Action of ["Fly", "ListQueues"]) {
      expect(await call({ Action })).toMatchObject({
        status: 400,
        xml: {
          ErrorResponse: {
            Error: {
              Code: "InvalidAction",
              Message: `The action ${Action} is not valid for this endpoint.`,
            },
          },
        },
      });
    }
    expect(await call({})).toMatchObject({ status: 404, text: "<UnknownOperationException/>\n" });
    const wait = await call({ Action: "ReceiveMessage", WaitTimeSeconds: "long" });
    expect(wait.text).toContain("<Code>SerializationException</Code>");
  });

  test("leaves out the result of an operation that has none", async () => {
    const { call } = await start();
    const { text } = await call({ Action: "PurgeQueue" });
    expect(text).toMatch(/doc\/2012-11-05\/"><ResponseMetadata><RequestId>[^<]+<\/RequestId>/);
  });
});
