Feature: The embedder changes, and nobody notices
  What tells that two questions mean the same gets better over the years, and memory has to move along.
  That must not cost a day on which everything is asked anew, nor a single answer to another question.

  Rule: While memory moves, what was remembered is found

    Example: Other words, a moment after the change
      Given "How do I install RAGBoost?" was answered
      And the embedder has changed a moment ago
      When "How can I install RAGBoost?" is asked
      Then the remembered answer comes back as a semantic hit
      And the model was asked once

    Example: What is remembered while memory moves is found as well
      Given the embedder has changed a moment ago
      And "How do I install RAGBoost?" was answered
      When "How can I install RAGBoost?" is asked
      Then the remembered answer comes back as a semantic hit

    Example: What means something else is not taken for the same
      Given "How do I install RAGBoost?" was answered
      And the embedder has changed a moment ago
      When "How do I configure the colours of a terminal?" is asked
      Then the model answers
      And the reason is that it is not certain enough that the nearest remembered answer fits

    Example: What is purged while memory moves is gone
      Given "How do I install RAGBoost?" was answered
      And the embedder has changed a moment ago
      And all answers were purged
      When "How can I install RAGBoost?" is asked
      Then the model answers

  Rule: When memory has moved, the former index is not needed

    Example: It was removed
      Given "How do I install RAGBoost?" was answered
      And the embedder has changed, and memory has moved
      And the former index was removed
      When "How can I install RAGBoost?" is asked
      Then the remembered answer comes back as a semantic hit

    Example: The service was stopped while memory moved
      Given "How do I install RAGBoost?" was answered
      And the service was stopped in the middle of the move
      And the service has started again, and memory has moved
      When "How can I install RAGBoost?" is asked
      Then the remembered answer comes back as a semantic hit

    Example: Back to the former embedder
      Given "How do I install RAGBoost?" was answered
      And the embedder has changed, and memory has moved
      And the embedder has changed back, and memory has moved
      When "How can I install RAGBoost?" is asked
      Then the remembered answer comes back as a semantic hit
