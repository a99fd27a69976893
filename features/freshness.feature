Feature: No answer outlives its time
  Prices, policies and people change; an old answer can be a wrong one.
  How long an answer is good for is a promise, and the asker may tighten it.

  Background:
    Given answers are fresh for an hour, and for a minute more while a fresh one is fetched

  Rule: An answer that is past its time is not served

    Example: The last moment
      Given the question "Who is on call?" was answered
      And 3600 seconds have passed
      When "Who is on call?" is asked
      Then the remembered answer comes back as an exact hit

    Example: Too late
      Given the question "Who is on call?" was answered
      And 3661 seconds have passed
      When "Who is on call?" is asked
      Then the model answers
      And the reason is that what was remembered has expired

    Example: In other words, too late as well
      Given the question "How do I install RAGBoost?" was answered
      And 3661 seconds have passed
      When "How can I install RAGBoost?" is asked
      Then the model answers

    Example: Being popular does not keep an answer young
      Given the question "Who is on call?" was answered
      And it was asked again every 600 seconds, 7 times
      When "Who is on call?" is asked
      Then the answer that comes back is the second one

  Rule: In its grace an answer is served at once, while a fresh one is fetched

    Example: Nobody waits for the refresh
      Given the question "Who is on call?" was answered
      And 3630 seconds have passed
      When "Who is on call?" is asked
      Then the remembered answer comes back as a stale hit
      And soon "Who is on call?" is remembered with the second answer

    Example: However many ask, it is refreshed once
      Given the question "Who is on call?" was answered 3630 seconds ago
      And the model takes its time
      When "Who is on call?" is asked by 20 people at once
      Then everyone gets the first answer
      And the model was asked twice

  Rule: The asker may want something younger

    Example: Not older than a minute
      Given the question "Who is on call?" was answered
      And 61 seconds have passed
      When "Who is on call?" is asked for an answer not older than 60 seconds
      Then the model answers
      And the reason is that what was remembered is older than was asked for

  Rule: The asker may make do with something older

    Example: Better old than none
      Given the question "Who is on call?" was answered
      And 7200 seconds have passed
      When "Who is on call?" is asked for an answer however old
      Then the remembered answer comes back as a stale hit

  Rule: An answer may have a lifetime of its own

    Example: Good for ten seconds
      Given "What is our stock price?" was answered, good for 10 seconds
      And 71 seconds have passed
      When "What is our stock price?" is asked
      Then the model answers
