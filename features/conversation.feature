Feature: An answer belongs to the conversation it was given in
  "And how much is it?" means something else in every conversation.
  What was said before must be the same, word for word; only the last question may vary.

  Rule: The same conversation gets the same answer

    Example: Word for word
      Given "And how much is it?" was answered after talking about bicycles
      When "And how much is it?" is asked after talking about bicycles
      Then the remembered answer comes back as an exact hit

    Example: The last question in other words
      Given "How do I install RAGBoost?" was answered after talking about bicycles
      When "How can I install RAGBoost?" is asked after talking about bicycles
      Then the remembered answer comes back as a semantic hit

  Rule: Another conversation gets an answer of its own

    Example: Something else was said before
      Given "And how much is it?" was answered after talking about bicycles
      When "And how much is it?" is asked after talking about insurance
      Then the model answers

    Example: Nothing was said before
      Given "And how much is it?" was answered after talking about bicycles
      When "And how much is it?" is asked
      Then the model answers

    Example: Other instructions
      Given "And how much is it?" was answered under the instruction "Be brief."
      When "And how much is it?" is asked under the instruction "Be thorough."
      Then the model answers

  Rule: The model hears the whole conversation

    Example: In its order
      Given nothing is remembered
      When "And how much is it?" is asked after talking about bicycles
      Then the model heard the conversation about bicycles before "And how much is it?"

  Rule: A single question is a conversation of one turn

    Example: Asked as a question, then as a conversation
      Given the question "How do I reset my password?" was answered
      When "How do I reset my password?" is asked as a conversation of one turn
      Then the remembered answer comes back as an exact hit
