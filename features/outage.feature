Feature: A broken memory fails no question
  Memory is there to help; when it breaks, the worst that may happen is that the model is asked.
  When the models break, an old answer is often better than none.

  Rule: Without a part of memory the model answers

    Example: A part is away
      Given the question "How do I reset my password?" was answered
      And <part> is away
      When "When do you close on Fridays?" is asked
      Then the model answers
      And the service says that <part> is away

      Examples:
        | part             |
        | the answer cache |
        | the vector index |
        | the embedder     |

    Example: What does not need the part goes on as ever
      Given the question "How do I reset my password?" was answered
      And <part> is away
      When "How do I reset my password?" is asked
      Then the remembered answer comes back as an exact hit

      Examples:
        | part             |
        | the vector index |
        | the embedder     |

    Example: Everything is away
      Given the answer cache is away
      And the vector index is away
      And the embedder is away
      When "How do I reset my password?" is asked
      Then the model answers

    Example: It comes back
      Given the answer cache was away when "How do I reset my password?" was asked
      And "How do I reset my password?" was asked
      When "How do I reset my password?" is asked
      Then the remembered answer comes back as an exact hit
      And the service says that all is well

  Rule: A server that many workers share may fail in any way, and no question waits for it

    @servers
    Example: What happens to it
      Given the question "How do I reset my password?" was answered
      And <server> <trouble>
      When "When do you close on Fridays?" is asked 3 times
      Then the model answers, and nobody waits for <server>
      And when <server> is well again, all is as it was within 5 seconds

      Examples:
        | server            | trouble        |
        | the answer server | has stopped    |
        | the answer server | hangs          |
        | the answer server | answers slowly |
        | the answer server | has no room    |
        | the index server  | has stopped    |
        | the index server  | hangs          |
        | the index server  | answers slowly |

    @servers
    Example: What is there is found, though there is no room for more
      Given the question "How do I reset my password?" was answered
      And the answer server has no room
      When "How do I reset my password?" is asked
      Then the remembered answer comes back as an exact hit

    @servers
    Example: What must be forgotten is not said to be while it cannot be
      Given the question "How do I reset my password?" was answered
      And the answer server hangs
      When all answers are to be purged
      Then the asker is told that it could not be done

  Rule: Without a model an old answer is better than none

    Example: The model is down, and an expired answer is at hand
      Given the question "How do I reset my password?" was answered
      And the model has been down ever since, for 7200 seconds
      When "How do I reset my password?" is asked
      Then the remembered answer comes back as a stale hit
      And the reason is that no model answered

    Example: Too old even for that
      Given the question "How do I reset my password?" was answered
      And the model has been down ever since, for 90001 seconds
      When "How do I reset my password?" is asked
      Then the asker is told that the model did not answer

    Example: Nothing is at hand
      Given the model is down
      When "How do I reset my password?" is asked
      Then the asker is told that the model did not answer
      And nothing is remembered

    Example: The model comes back
      Given the model is down
      And "How do I reset my password?" was asked
      And the model is back
      When "How do I reset my password?" is asked
      Then the model answers
