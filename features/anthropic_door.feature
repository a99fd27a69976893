Feature: Whoever has Anthropic's client need not write another
  The client that people have already is pointed at RAGBoost, and nothing else changes:
  what the provider would have answered comes back, and next time it comes from memory.

  Rule: A remembered answer is an answer like any other

    Example: The same question again
      Given "What was announced?" was asked by a client of Anthropic's
      When "What was announced?" is asked by a client of Anthropic's
      Then the remembered answer comes back as an exact hit
      And the answer cost nothing

    Example: The same question in other words
      Given "How do I cancel my subscription?" was asked by a client of Anthropic's
      When "how do I cancel my subscription" is asked by a client of Anthropic's
      Then the remembered answer comes back as a semantic hit

    Example: A remembered answer is told in pieces as well
      Given "What was announced?" was asked by a client of Anthropic's
      When "What was announced?" is asked by a listening client of Anthropic's
      Then the remembered answer comes back as an exact hit

  Rule: It does not matter which door a question came by

    Example: Asked by a client of OpenAI's before
      Given "What was announced?" was asked of Anthropic by a client of OpenAI's
      When "What was announced?" is asked by a client of Anthropic's
      Then the remembered answer comes back as an exact hit

    Example: Asked by a client of OpenAI's after
      Given "What was announced?" was asked by a client of Anthropic's
      When "What was announced?" is asked of Anthropic by a client of OpenAI's
      Then the remembered answer comes back as an exact hit

  Rule: Where tools are at hand, only what is the same to the letter is the same

    Example: To the letter
      Given the model calls a tool
      And "What is the weather?" was asked with a tool by a client of Anthropic's
      When "What is the weather?" is asked with a tool by a client of Anthropic's
      Then the tool is called
      And the model was asked once

    Example: In other words
      Given the model calls a tool
      And "What is the weather?" was asked with a tool by a client of Anthropic's
      When "what is the weather" is asked with a tool by a client of Anthropic's
      Then the tool is called
      And the model was asked twice

  Rule: What is no whole answer is passed on, and not remembered

    Example: The model is stopped in the middle
      Given the model stops in the middle
      When "What was announced?" is asked by a client of Anthropic's
      Then the client is given what was said
      And nothing is remembered

    Example: The model is down
      Given the model is down
      When "What was announced?" is asked by a client of Anthropic's
      Then the asker is told that the model did not answer
      And nothing is remembered
